#include "models/targets/library_target.hpp"

#include <torch/utils.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <mutex>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/targets/scorefield_density.h"
#include "models/targets/transformed_target.hpp"
#include "models/targets/trial.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

constexpr std::int64_t kLibraryRows = 256;  ///< points of one call where several threads call

using Message = std::array<char, 1000>;

std::string text_of(Message& message) {
  message.back() = 0;
  return message.front() ? message.data() : "no reason is given";
}

class LibraryTarget final : public Target {
 public:
  LibraryTarget(const SharedLibrary& library, const std::string* data)
      : path_(library.path()), handle_(nullptr, [](void*) {}) {
    decltype(&scorefield_density_version) version = nullptr;
    library.require("scorefield_density_version", version);
    if (version() != SCOREFIELD_DENSITY_VERSION)
      throw FileError(path_, "implements version " + std::to_string(version()) + " of scorefield_density.h, expected " +
                                 std::to_string(SCOREFIELD_DENSITY_VERSION) + ". Compile it again.");
    decltype(&scorefield_density_open) open = nullptr;
    decltype(&scorefield_density_close) close = nullptr;
    decltype(&scorefield_density_dimension) dimension = nullptr;
    decltype(&scorefield_density_is_thread_safe) thread_safe = nullptr;
    library.require("scorefield_density_open", open);
    library.require("scorefield_density_close", close);
    library.require("scorefield_density_dimension", dimension);
    library.require("scorefield_density_evaluate", evaluate_);
    library.optional("scorefield_density_is_thread_safe", thread_safe);
    Message message{};
    handle_ = {open(data ? data->c_str() : nullptr, message.data(), message.size()), close};
    if (!handle_) throw FileError(path_, "cannot open its density: " + text_of(message));
    dimension_ = dimension(handle_.get());
    if (dimension_ < 1)
      throw FileError(path_, "says that it has " + std::to_string(dimension_) + " coordinates, expected 1 or more.");
    threads_ = thread_safe && thread_safe(handle_.get()) != 0;
  }

  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] std::string name() const override { return std::filesystem::path(path_).stem().string(); }
  [[nodiscard]] Tensor score(const Tensor& x) const override { return evaluate(x).score; }
  [[nodiscard]] Tensor log_density(const Tensor& x) const override { return call(x, false).log_density; }
  [[nodiscard]] Evaluation evaluate(const Tensor& x) const override { return call(x, true); }

  [[nodiscard]] SpaceOptions space(const SharedLibrary& library) const {
    SpaceOptions space;
    decltype(&scorefield_density_variables) variables = nullptr;
    decltype(&scorefield_density_bounds) bounds = nullptr;
    library.optional("scorefield_density_variables", variables);
    library.optional("scorefield_density_bounds", bounds);
    if (const char* text = variables ? variables(handle_.get()) : nullptr) space.variables = text;
    const double* limits = bounds ? bounds(handle_.get()) : nullptr;
    for (std::int64_t i = 0; limits && i < dimension_; ++i) {
      if (!(limits[2 * i] < limits[2 * i + 1]))
        throw FileError(path_,
                        "the lower limit of its coordinate " + std::to_string(i + 1) + " is not below the upper one.");
      space.bounds.push_back({limits[2 * i], limits[2 * i + 1]});
    }
    return space;
  }

 private:
  [[nodiscard]] Evaluation call(const Tensor& given, bool with_score) const {
    const auto x = given.detach().to(torch::kCPU, torch::kFloat64).contiguous();
    const auto log_p = torch::full({x.size(0)}, NAN, torch::kFloat64);
    const auto score = with_score ? torch::full_like(x, NAN) : Tensor();
    const auto rows = [&](std::int64_t first, std::int64_t last) {
      Message message{};
      if (evaluate_(handle_.get(), last - first, x.const_data_ptr<double>() + first * dimension_,
                    log_p.data_ptr<double>() + first,
                    with_score ? score.data_ptr<double>() + first * dimension_ : nullptr, message.data(),
                    message.size()) != 0)
        throw FileError(path_, "could not evaluate its density: " + text_of(message));
    };
    const std::lock_guard lock(mutex_);
    if (threads_)
      parallel_for((x.size(0) + kLibraryRows - 1) / kLibraryRows,
                   [&](std::int64_t b) { rows(b * kLibraryRows, std::min(x.size(0), (b + 1) * kLibraryRows)); });
    else rows(0, x.size(0));
    return {log_p.to(given.device()), with_score ? score.to(given.device()) : Tensor()};
  }

  std::string path_;
  std::unique_ptr<void, void (*)(void*)> handle_;
  decltype(&scorefield_density_evaluate) evaluate_ = nullptr;
  std::int64_t dimension_ = 0;
  bool threads_ = false;
  mutable std::mutex mutex_;
};

}  // namespace

bool holds_density(const SharedLibrary& library) { return library.has("scorefield_density_version"); }

std::shared_ptr<const Target> open_library_target(const SharedLibrary& library, const std::string* data,
                                                  const SpaceOptions& given) {
  const auto own = std::make_shared<const LibraryTarget>(library, data);
  auto space = own->space(library);
  if (!given.bounds.empty()) space.bounds = given.bounds;
  if (!given.variables.empty()) space.variables = given.variables;
  space.transform = given.transform;
  auto target = make_transformed(own, space);
  const auto x = trial_points(target->dimension(), torch::kCPU);
  const auto found = target->evaluate(x);
  const Trial trial{library.path(), "log p"};
  check_rows(*target, trial, x, found);
  check_gradient(*target, trial, x, found);
  return target;
}

}  // namespace scorefield::targets
