#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/finite.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kRemedy = " Generate or import the file again.";

[[noreturn]] void wrong(const h5::File& file, const std::string& problem) {
  throw FileError(file.path(), problem + "." + kRemedy);
}

/// Shape of a numeric dataset, its rank checked; `axes` spells the expectation, e.g. "[M, K, N, d]".
h5::Dims checked_dims(const h5::File& file, const std::string& name, std::size_t rank, const std::string& axes) {
  if (!file.exists(name)) wrong(file, "has no dataset '" + name + "', expected " + axes);
  const h5::Dims dims = file.dims(name);
  if (dims.size() != rank)
    wrong(file, "dataset '" + name + "' has shape " + h5::to_text(dims) + ", expected rank " + std::to_string(rank) +
                    " " + axes);
  if (std::any_of(dims.begin(), dims.end(), [](std::int64_t extent) { return extent < 1; }))
    wrong(file, "dataset '" + name + "' of shape " + h5::to_text(dims) + " is empty");
  return dims;
}

void check_length(const h5::File& file, const std::string& what, std::size_t found, std::int64_t expected) {
  if (static_cast<std::int64_t>(found) != expected)
    wrong(file, what + " has length " + std::to_string(found) + ", expected " + std::to_string(expected));
}

std::vector<double> read_time(const h5::File& file, const std::string& name, const std::string& axes) {
  (void)checked_dims(file, name, 1, axes);
  auto time = file.read<double>(name);
  for (std::size_t k = 0; k < time.size(); ++k)
    if (!std::isfinite(time[k]) || (k > 0 && time[k] <= time[k - 1]))
      wrong(file, "dataset '" + name + "' does not increase at index " + std::to_string(k));
  return time;
}

void read_mu(const h5::File& file, DatasetHeader& header) {
  const h5::Dims dims = checked_dims(file, "/mu", 2, "[M, p]");
  const auto values = file.read<double>("/mu");
  const auto p = static_cast<std::ptrdiff_t>(dims[1]);
  for (auto row = values.begin(); row != values.end(); row += p) header.mu.emplace_back(row, row + p);
  if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
    wrong(file, "dataset '/mu' has a value that is not finite");
  header.mu_names = file.strings_attribute("/mu", "names");
  check_length(file, "attribute 'names' of '/mu'", header.mu_names.size(), dims[1]);
}

void check_frames(const h5::File& file, const std::string& name, const h5::Dims& shape) {
  const h5::Dims dims = checked_dims(file, name, 4, "[M, K, N, d]");
  if (dims != shape)
    wrong(file, "dataset '" + name + "' has shape " + h5::to_text(dims) + ", expected " + h5::to_text(shape) +
                    " from '/mu', '/time' and '/samples'");
  const std::string type = file.element_type(name);
  if (type != "float32" && type != "float64")
    wrong(file, "dataset '" + name + "' has elements of type " + type + ", expected float32 or float64");
}

Identity read_identity(const h5::File& file) {
  const std::string word = file.string_attribute("/samples", "identity");
  if (word == "trajectories") return Identity::trajectories;
  if (word == "marginals") return Identity::marginals;
  wrong(file, "attribute 'identity' of '/samples' is '" + word + "', expected trajectories or marginals");
}

void read_samples_header(const h5::File& file, DatasetHeader& header) {
  const h5::Dims dims = checked_dims(file, "/samples", 4, "[M, K, N, d]");
  check_frames(file, "/samples", {header.mu_count(), header.frames(), dims[2], dims[3]});
  header.particles = dims[2];
  header.coordinates = file.strings_attribute("/samples", "coordinates");
  header.units = file.strings_attribute("/samples", "units");
  header.periods = file.numbers_attribute("/samples", "periods");
  check_length(file, "attribute 'coordinates' of '/samples'", header.coordinates.size(), dims[3]);
  check_length(file, "attribute 'units' of '/samples'", header.units.size(), dims[3]);
  check_length(file, "attribute 'periods' of '/samples'", header.periods.size(), dims[3]);
  for (const double period : header.periods)
    if (!std::isfinite(period) || period < 0) wrong(file, "attribute 'periods' of '/samples' has a bad value");
  header.identity = read_identity(file);
  header.has_velocities = file.exists("/velocities");
  if (!header.has_velocities) return;
  check_frames(file, "/velocities", dims);
  if (!file.has_attribute("/velocities", "diffusion")) return;
  header.diffusion = file.numbers_attribute("/velocities", "diffusion");
  check_length(file, "attribute 'diffusion' of '/velocities'", header.diffusion.size(), dims[3]);
  for (const double rate : header.diffusion)
    if (!std::isfinite(rate) || rate < 0) wrong(file, "attribute 'diffusion' of '/velocities' has a bad value");
}

}  // namespace

DatasetReader::DatasetReader(const std::string& path) : file_(h5::File::open(path)) {
  header_.provenance = read_provenance(file_, {kDatasetFormat, kRolloutFormat});
  read_mu(file_, header_);
  header_.time = read_time(file_, "/time", "[K]");
  header_.time_units = file_.string_attribute("/time", "units");
  read_samples_header(file_, header_);
}

void DatasetReader::read_frame(const char* name, std::int64_t mu_index, std::int64_t frame,
                               std::span<float> values) const {
  file_.read_block<float>(name, {mu_index, frame, 0, 0}, {1, 1, header_.particles, header_.dimension()}, values);
  if (const auto bad = first_not_finite(values)) {
    const auto d = header_.coordinates.size();
    wrong(file_, "dataset '" + std::string(name) + "' is not finite at mu " + std::to_string(mu_index) + ", time " +
                     std::to_string(frame) + ", particle " + std::to_string(*bad / d) + ", coordinate '" +
                     header_.coordinates[*bad % d] + "'");
  }
}

void DatasetReader::read_samples(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  read_frame("/samples", mu_index, frame, values);
}

void DatasetReader::read_velocities(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  read_frame("/velocities", mu_index, frame, values);
}

std::optional<Diagnostics> DatasetReader::read_diagnostics() const {
  if (!file_.exists("/diagnostics/time")) return std::nullopt;
  Diagnostics diagnostics;
  diagnostics.time = read_time(file_, "/diagnostics/time", "[D]");
  const auto steps = static_cast<std::int64_t>(diagnostics.time.size());
  for (const auto& name : file_.children("/diagnostics")) {
    const std::string full = "/diagnostics/" + name;
    if (name == "time" || file_.is_group(full)) continue;
    const h5::Dims dims = file_.dims(full);
    if (dims.size() < 2 || dims.size() > 3 || dims[0] != header_.mu_count() || dims[1] != steps)
      wrong(file_, "dataset '" + full + "' has shape " + h5::to_text(dims) +
                       ", expected [M, D] or [M, D, m] with M = " + std::to_string(header_.mu_count()) +
                       ", D = " + std::to_string(steps));
    diagnostics.series[name] = {dims, file_.read<double>(full)};
  }
  return diagnostics;
}

namespace {

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

}  // namespace

std::int64_t DatasetReader::nearest_mu(const std::vector<double>& mu) const {
  if (mu.size() != header_.mu_names.size())
    throw UsageError("mu with " + std::to_string(mu.size()) + " values given, '" + path() + "' has " +
                     std::to_string(header_.mu_names.size()) + ".");
  const auto nearer = [&](const auto& a, const auto& b) { return squared_distance(a, mu) < squared_distance(b, mu); };
  return std::min_element(header_.mu.begin(), header_.mu.end(), nearer) - header_.mu.begin();
}

std::optional<std::int64_t> DatasetReader::find_mu(const std::vector<double>& mu) const {
  const std::int64_t nearest = nearest_mu(mu);
  constexpr double kSame = 1e-9;
  if (squared_distance(header_.mu[static_cast<std::size_t>(nearest)], mu) > kSame * kSame) return std::nullopt;
  return nearest;
}

}  // namespace scorefield::data
