#include "data/import/openpmd_species.hpp"

#include <bit>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::data::openpmd {

bool Species::is_species(const h5::File& file, const std::string& group) {
  return file.is_group(group) && file.exists((group == "/" ? "" : group) + "/position");
}

Species::Species(const h5::File& file, std::string group) : file_(file), group_(std::move(group)) {
  if (!is_species(file, group_)) throw FileError(file.path(), "has no openPMD record '" + group_ + "/position'.");
  const auto axes = components("position");
  if (axes.empty()) throw FileError(file.path(), "openPMD record '" + group_ + "/position' has no components.");
  size_ = length("position", axes.front());
  for (const auto& axis : axes)
    if (length("position", axis) != size_)
      throw FileError(file.path(), "'" + path_of("position", axis) + "' has " +
                                       std::to_string(length("position", axis)) + " particles, '" +
                                       path_of("position", axes.front()) + "' has " + std::to_string(size_) + ".");
}

std::string Species::path_of(const std::string& record, const std::string& component) const {
  return (group_ == "/" ? "" : group_) + "/" + record + (component.empty() ? "" : "/" + component);
}

bool Species::has(const std::string& record) const { return file_.exists(path_of(record, "")); }

bool Species::has(const std::string& record, const std::string& component) const {
  return file_.exists(path_of(record, component));
}

std::vector<std::string> Species::records() const { return file_.children(group_); }

std::vector<std::string> Species::components(const std::string& record) const {
  const std::string path = path_of(record, "");
  if (!file_.exists(path)) return {};
  if (file_.is_dataset(path) || file_.has_attribute(path, "value")) return {""};
  std::vector<std::string> names;
  for (const auto& name : file_.children(path))
    if (file_.is_dataset(path + "/" + name) || file_.has_attribute(path + "/" + name, "value")) names.push_back(name);
  return names;
}

std::optional<std::string> Species::word(const std::string& record, const std::string& component,
                                         const std::string& name) const {
  const std::string path = path_of(record, component);
  if (!file_.has_attribute(path, name)) return std::nullopt;
  return file_.string_attribute(path, name);
}

std::optional<double> Species::number(const std::string& record, const std::string& component,
                                      const std::string& name) const {
  const std::string path = path_of(record, component);
  if (!file_.has_attribute(path, name)) return std::nullopt;
  return file_.number_attribute(path, name);
}

double Species::unit(const std::string& record, const std::string& component) const {
  for (const auto& path : {path_of(record, component), path_of(record, "")})
    if (file_.has_attribute(path, "unitSI")) return file_.number_attribute(path, "unitSI");
  return 1;
}

std::int64_t Species::length(const std::string& record, const std::string& component) const {
  const std::string path = path_of(record, component);
  if (file_.is_dataset(path)) return h5::element_count(file_.dims(path));
  double count = 1;
  for (const double extent : file_.numbers_attribute(path, "shape")) count *= extent;
  return static_cast<std::int64_t>(count);
}

std::optional<double> Species::stored_constant(const std::string& record, const std::string& component) const {
  const std::string path = path_of(record, component);
  if (!file_.exists(path) || file_.is_dataset(path) || !file_.has_attribute(path, "value")) return std::nullopt;
  return file_.number_attribute(path, "value") * unit(record, component);
}

std::optional<double> Species::constant(const std::string& record, const std::string& component) const {
  const auto value = stored_constant(record, component);
  if (!value || !has(record + "Offset", component)) return value;
  const auto offset = stored_constant(record + "Offset", component);
  return offset ? std::optional(*value + *offset) : std::nullopt;
}

void Species::add(const std::string& record, const std::string& component, std::vector<double>& sum) const {
  if (const auto value = stored_constant(record, component)) {
    for (double& x : sum) x += *value;
    return;
  }
  const std::string path = path_of(record, component);
  if (length(record, component) != size_)
    throw FileError(file_.path(), "'" + path + "' has " + std::to_string(length(record, component)) +
                                      " values, expected one per particle, " + std::to_string(size_) + ".");
  file_.require_complete(path);
  const double factor = unit(record, component);
  const auto values = file_.read<double>(path);
  for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += factor * values[n];
}

std::vector<double> Species::read(const std::string& record, const std::string& component) const {
  if (!has(record, component) || (component.empty() && components(record) != std::vector<std::string>{""}))
    throw FileError(file_.path(), "has no openPMD component '" + path_of(record, component) + "'.");
  std::vector<double> sum(static_cast<std::size_t>(size_));
  add(record, component, sum);
  if (has(record + "Offset", component)) add(record + "Offset", component, sum);
  return sum;
}

std::vector<double> Species::read_per_particle(const std::string& record, const std::string& component,
                                               const std::vector<double>& weights) const {
  auto values = read(record, component);
  const std::string path = path_of(record, "");
  const auto attribute = [&](const char* name, double absent) {
    return file_.has_attribute(path, name) ? file_.number_attribute(path, name) : absent;
  };
  const double power = attribute("weightingPower", 0);
  if (weights.empty() || attribute("macroWeighted", 0) == 0 || power == 0) return values;
  for (std::size_t n = 0; n < values.size(); ++n) values[n] /= std::pow(weights[n], power);
  return values;
}

std::vector<double> Species::weights() const {
  for (const char* record : {"weighting", "weight"})
    if (has(record)) return read(record, "");
  return {};
}

std::vector<std::int64_t> Species::id() const {
  const std::string path = path_of("id", "");
  if (!file_.exists(path) || !file_.is_dataset(path) || h5::element_count(file_.dims(path)) != size_) return {};
  file_.require_complete(path);
  if (file_.element_type(path) != "uint64") {
    if (!file_.element_type(path).starts_with("float")) return file_.read<std::int64_t>(path);
    const auto values = file_.read<double>(path);
    return {values.begin(), values.end()};
  }
  std::vector<std::int64_t> id;  // all 64 bits count: codes keep the processor in the upper ones
  id.reserve(static_cast<std::size_t>(size_));
  for (const std::uint64_t value : file_.read<std::uint64_t>(path)) id.push_back(std::bit_cast<std::int64_t>(value));
  return id;
}

}  // namespace scorefield::data::openpmd
