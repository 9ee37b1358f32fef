#include "models/targets/bridgestan_model.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "models/targets/variables.hpp"

namespace scorefield::targets {
namespace {

/// What a model prints would stand in the middle of results.
void drop(const char*, std::size_t) {}

[[noreturn]] void refuse(const std::string& library, const StanData& data, const std::string& message) {
  if (data.origin.empty())
    throw FileError(library, "the model could not be made without data (--data FILE.json): " + message);
  try {
    if (!nlohmann::json::parse(data.json).is_object())
      throw FileError(data.origin, "is no JSON object: expected the names of the data and their values, {\"N\": 3}.");
  } catch (const nlohmann::json::parse_error& error) {
    throw FileError(data.origin, "is not valid JSON: " + std::string(error.what()));
  }
  throw FileError(data.origin, "the model " + library + " does not take these data: " + message);
}

}  // namespace

BridgeStan::BridgeStan(const SharedLibrary& library) {
  library.require("bs_model_construct", construct);
  library.require("bs_model_destruct", destruct);
  library.require("bs_free_error_msg", free_message);
  library.require("bs_model_info", model_info);
  library.require("bs_param_names", names);
  library.require("bs_param_num", count);
  library.require("bs_param_unc_num", unconstrained_count);
  library.require("bs_log_density", log_density);
  library.require("bs_log_density_gradient", gradient);
  library.require("bs_param_constrain", constrain);
  library.require("bs_param_unconstrain", unconstrain);
  library.require("bs_rng_construct", make_rng);
  library.require("bs_rng_destruct", destroy_rng);
  int (*set_print)(void (*)(const char*, std::size_t), char**) = nullptr;
  library.optional("bs_set_print_callback", set_print);
  char* error = nullptr;
  if (set_print && set_print(drop, &error) != 0) (void)taken(error);
}

std::string BridgeStan::taken(char* message) const {
  if (!message) return "no reason is given";
  std::string text = trimmed(message);
  free_message(message);
  for (auto& c : text)  // one line a message
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

StanModel::StanModel(const BridgeStan& functions, const std::string& library, const StanData& data, unsigned seed)
    : functions_(&functions), model_(nullptr, functions.destruct) {
  char* error = nullptr;
  model_.reset(functions.construct(data.json.c_str(), seed, &error));
  if (!model_) refuse(library, data, functions.taken(error));
}

std::int64_t StanModel::dimension() const { return functions_->unconstrained_count(get()); }

std::vector<std::string> StanModel::names(bool transformed, bool generated) const {
  std::vector<std::string> all;
  for (const auto& name : comma_separated(functions_->names(get(), transformed, generated)))
    all.push_back(bracketed_name(name));
  return all;
}

bool StanModel::thread_safe() const {
  return std::string(functions_->model_info(get())).find("STAN_THREADS=true") != std::string::npos;
}

}  // namespace scorefield::targets
