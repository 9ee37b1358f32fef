#include "training/sample/stan_data.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/atomic_file.hpp"

namespace scorefield::training {

targets::StanData read_stan_data(const std::string& library, const std::string& file) {
  targets::StanData data{file.empty() ? "" : trimmed(data::read_text_file(file)), file};
  if (!file.empty() && data.json.empty()) throw FileError(file, "is empty, expected a JSON object.");
  const auto model = std::filesystem::path(library).replace_extension(".stanli");
  if (!std::filesystem::exists(model) || data.json.find("\"__stanli\"") != std::string::npos) return data;
  if (!data.json.empty() && data.json.front() != '{') return data;  // the library will say what is wrong
  const std::string rest = data.json.empty() ? "}" : trimmed(data.json.substr(1));
  data.json =
      "{\"__stanli\": " + trimmed(data::read_text_file(model.string())) + (rest.starts_with('}') ? "" : ", ") + rest;
  return data;
}

}  // namespace scorefield::training
