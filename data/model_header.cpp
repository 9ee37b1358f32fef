#include "data/model_header.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "data/shapes.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kRemedy = " Train the model again.";

}  // namespace

void write_model_header(h5::File& file, const ModelHeader& header) {
  const DatasetHeader& data = header.data;
  write_provenance(file, header.provenance);
  write_mu(file, "/model/mu", data.mu);
  const auto time = all_times(data);
  file.write<double>("/model/time", time, {static_cast<std::int64_t>(time.size())});
  file.set_attribute("/model/mu", "names", data.mu_names);
  if (!data.left_out.empty()) write_mu(file, "/model/left_out_mu", data.left_out);
  file.set_attribute("/model/time", "units", data.time_units);
  file.set_attribute("/model", "coordinates", data.coordinates);
  file.set_attribute("/model", "units", data.units);
  file.set_attribute("/model", "periods", data.periods);
  file.set_attribute("/model", "identity", identity_word(data));
  // How the training data were made: evaluation asks the same generator for its noise floor.
  file.set_attribute("/model", "data_config", data.provenance.config);
  file.set_attribute("/model", "options", header.options);
  file.set_attribute("/model", "kind", header.kind);
  file.set_attribute("/model", "sigma", header.sigma);
  if (header.growth > 0) file.set_attribute("/model", "growth", header.growth);
  file.set_attribute("/model", "parameters", header.parameters);
  file.set_attribute("/model", "network_parameters", header.network_parameters);
  file.create_group("/training");
  file.set_attribute("/training", "step", header.step);
}

std::string read_model_kind(const h5::File& file) {
  return file.has_attribute("/model", "kind") ? file.string_attribute("/model", "kind") : ModelHeader{}.kind;
}

ModelHeader read_model_header(const h5::File& file) {
  ModelHeader header;
  header.provenance = read_provenance(file, {kModelFormat});
  DatasetHeader& data = header.data;
  data.mu = read_mu(file, "/model/mu");
  data.mu_names = file.strings_attribute("/model/mu", "names");
  if (file.exists("/model/left_out_mu")) data.left_out = read_mu(file, "/model/left_out_mu");
  data.time = read_finite(file, "/model/time", 1, "[K]", kRemedy);
  data.time_units = file.string_attribute("/model/time", "units");
  data.coordinates = file.strings_attribute("/model", "coordinates");
  data.units = file.strings_attribute("/model", "units");
  data.periods = file.numbers_attribute("/model", "periods");
  data.provenance.config = file.string_attribute("/model", "data_config");
  header.options = file.string_attribute("/model", "options");
  header.kind = read_model_kind(file);
  header.sigma = file.number_attribute("/model", "sigma");
  if (file.has_attribute("/model", "growth")) header.growth = file.number_attribute("/model", "growth");
  header.step = file.integer_attribute("/training", "step");
  if (file.has_attribute("/model", "parameters")) {
    header.parameters = file.integer_attribute("/model", "parameters");
    header.network_parameters = file.integer_attribute("/model", "network_parameters");
  }
  const auto d = data.coordinates.size();
  const auto require = [&](bool holds, const char* problem) {
    if (!holds) throw FileError(file.path(), std::string(problem) + kRemedy);
  };
  const std::size_t p = data.mu[0].size();
  require(data.mu_names.size() == p && (data.left_out.empty() || data.left_out[0].size() == p),
          "'/model/mu' does not fit the names of its parameters.");
  require(d > 0 && data.units.size() == d && data.periods.size() == d &&
              std::adjacent_find(data.time.begin(), data.time.end(), std::greater_equal<>()) == data.time.end(),
          "the coordinates or times under '/model' do not fit.");
  require(std::all_of(data.periods.begin(), data.periods.end(),
                      [](double period) { return std::isfinite(period) && period >= 0; }) &&
              std::isfinite(header.sigma) && header.sigma >= 0 && header.step >= 0,
          "the periods, 'sigma' or 'step' have a bad value.");
  return header;
}

}  // namespace scorefield::data
