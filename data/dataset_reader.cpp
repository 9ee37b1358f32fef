#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.hpp"
#include "core/rows.hpp"
#include "core/text.hpp"
#include "data/dataset.hpp"
#include "data/finite.hpp"
#include "data/mu_set.hpp"
#include "data/shapes.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kRemedy = " Generate or import the file again.";

[[noreturn]] void wrong(const h5::File& file, const std::string& problem) {
  throw FileError(file.path(), problem + "." + kRemedy);
}

h5::Dims checked_dims(const h5::File& file, const std::string& name, std::size_t rank, const std::string& axes) {
  return data::checked_dims(file, name, rank, axes, kRemedy);
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

void read_parameters(const h5::File& file, DatasetHeader& header) {
  const h5::Dims dims = checked_dims(file, "/mu", 2, "[M, p]");
  header.mu = read_mu(file, "/mu");
  header.mu_names = file.strings_attribute("/mu", "names");
  check_length(file, "attribute 'names' of '/mu'", header.mu_names.size(), dims[1]);
}

/// Frames of one mu lie together, in the order of mu; their times increase and each has particles.
void read_runs(const h5::File& file, DatasetHeader& header) {
  const h5::Dims dims = checked_dims(file, "/frame_time", 1, "[F]");
  for (const char* name : {"/frame_mu", "/frame_start"}) (void)checked_dims(file, name, 1, "[F]");
  const auto time = file.read<double>("/frame_time");
  const auto mu = file.read<std::int64_t>("/frame_mu"), start = file.read<std::int64_t>("/frame_start");
  check_length(file, "dataset '/frame_mu'", mu.size(), dims[0]);
  check_length(file, "dataset '/frame_start'", start.size(), dims[0] + 1);
  header.time_units = file.string_attribute("/frame_time", "units");
  header.runs.resize(header.mu.size());
  for (std::size_t f = 0; f < time.size(); ++f) {
    const bool placed = mu[f] >= (f > 0 ? mu[f - 1] : 0) && mu[f] < header.mu_count();
    if (!placed) wrong(file, "dataset '/frame_mu' is not in the order of '/mu' at index " + std::to_string(f));
    auto& run = header.runs[static_cast<std::size_t>(mu[f])];
    if (!std::isfinite(time[f]) || (!run.time.empty() && time[f] <= run.time.back()))
      wrong(file, "dataset '/frame_time' does not increase at index " + std::to_string(f));
    if (start[0] != 0 || start[f + 1] <= start[f])
      wrong(file, "dataset '/frame_start' does not increase from 0 at index " + std::to_string(f));
    run.time.push_back(time[f]);
    run.particles.push_back(start[f + 1] - start[f]);
  }
  for (std::size_t m = 0; m < header.runs.size(); ++m)
    if (header.runs[m].time.empty()) wrong(file, "mu number " + std::to_string(m) + " has no frame");
}

/// The layout, and the frames of either.
void read_frames(const h5::File& file, Layouts layouts, DatasetHeader& header) {
  const std::string layout = file.has_attribute("/", "layout") ? file.string_attribute("/", "layout") : "dense";
  if (layout == kFramesLayout) {
    if (layouts == Layouts::dense)
      throw FileError(
          file.path(),
          "holds frames that differ in their number of particles or their times (layout 'frames'), expected "
          "frames that are alike. See what there is with: scorefield inspect " +
              file.path());
    return read_runs(file, header);
  }
  if (layout != "dense") wrong(file, "attribute 'layout' is '" + layout + "', expected dense or frames");
  header.time = read_time(file, "/time", "[K]");
  header.time_units = file.string_attribute("/time", "units");
}

std::string axes(const DatasetHeader& header, bool with_coordinates) {
  return std::string(header.ragged() ? "[S" : "[M, K, N") + (with_coordinates ? ", d]" : "]");
}

/// An array of numbers per particle has the shape that the rest of the file says.
void check_array(const h5::File& file, const std::string& name, const h5::Dims& shape, const std::string& axes) {
  const h5::Dims dims = checked_dims(file, name, shape.size(), axes);
  if (dims != shape)
    wrong(file, "dataset '" + name + "' has shape " + h5::to_text(dims) + ", expected " + h5::to_text(shape) +
                    " from '/mu', the times and '/samples'");
}

void check_floating(const h5::File& file, const std::string& name) {
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

void read_coordinates(const h5::File& file, std::int64_t d, DatasetHeader& header) {
  header.coordinates = file.strings_attribute("/samples", "coordinates");
  header.units = file.strings_attribute("/samples", "units");
  header.periods = file.numbers_attribute("/samples", "periods");
  check_length(file, "attribute 'coordinates' of '/samples'", header.coordinates.size(), d);
  check_length(file, "attribute 'units' of '/samples'", header.units.size(), d);
  check_length(file, "attribute 'periods' of '/samples'", header.periods.size(), d);
  for (const double period : header.periods)
    if (!std::isfinite(period) || period < 0) wrong(file, "attribute 'periods' of '/samples' has a bad value");
  header.identity = read_identity(file);
}

void read_diffusion(const h5::File& file, DatasetHeader& header) {
  if (!file.has_attribute("/velocities", "diffusion")) return;
  header.diffusion = file.numbers_attribute("/velocities", "diffusion");
  check_length(file, "attribute 'diffusion' of '/velocities'", header.diffusion.size(), header.dimension());
  for (const double rate : header.diffusion)
    if (!std::isfinite(rate) || rate < 0) wrong(file, "attribute 'diffusion' of '/velocities' has a bad value");
}

/// What there is per particle, and that it fits together. @return where the frames lie
FrameTable read_arrays(const h5::File& file, DatasetHeader& header) {
  const std::string all = axes(header, true);
  const h5::Dims dims = checked_dims(file, "/samples", header.ragged() ? 2 : 4, all);
  if (!header.ragged()) header.particles = dims[2];
  read_coordinates(file, dims.back(), header);
  FrameTable table(header);
  check_array(file, "/samples", table.shape(dims.back()), all);
  check_floating(file, "/samples");
  header.double_precision = file.element_type("/samples") == "float64";
  header.has_velocities = file.exists("/velocities");
  header.has_weights = file.exists("/weights");
  header.has_id = file.exists("/id");
  if (header.has_velocities) {
    check_array(file, "/velocities", dims, all);
    check_floating(file, "/velocities");
    read_diffusion(file, header);
  }
  if (header.has_weights) {
    check_array(file, "/weights", table.shape(0), axes(header, false));
    check_floating(file, "/weights");
  }
  if (header.has_id)
    check_array(file, "/id", header.ragged() ? table.shape(0) : h5::Dims{header.mu_count(), header.particles},
                header.ragged() ? "[S]" : "[M, N]");
  return table;
}

}  // namespace

DatasetReader::DatasetReader(const std::string& path, Layouts layouts) : file_(h5::File::open(path)) {
  header_.provenance = read_provenance(file_, {kDatasetFormat, kRolloutFormat});
  read_parameters(file_, header_);
  read_frames(file_, layouts, header_);
  table_ = read_arrays(file_, header_);
  header_.field = read_charged_box(file_, header_.mu.size(), header_.coordinates);
  if (!header_.ragged())
    header_.density =
        read_density_grid(file_, header_.mu_count(), header_.frames(), static_cast<std::size_t>(header_.dimension()));
  if (file_.exists("/left_out_mu")) header_.left_out = read_mu(file_, "/left_out_mu");
  if (!header_.left_out.empty())
    check_length(file_, "a row of '/left_out_mu'", header_.left_out[0].size(), header_.mu[0].size());
  if (file_.has_attribute("/samples", "guide")) header_.guide = file_.string_attribute("/samples", "guide");
  stored_.resize(header_.mu.size());
  std::iota(stored_.begin(), stored_.end(), 0);
}

void DatasetReader::leave_out(const std::vector<std::vector<double>>& mu) {
  std::vector<std::size_t> kept(header_.mu.size());
  std::iota(kept.begin(), kept.end(), 0);
  for (const auto& values : mu) {
    const auto index = find_mu(values);
    if (!index)
      throw UsageError("mu = " + tuple_text(values) + " is to be left out, but " + path() +
                       " has no run there. It has " + tuples_text(header_.mu) + ".");
    std::erase(kept, static_cast<std::size_t>(*index));
  }
  if (kept.empty()) throw UsageError("no run of " + path() + " is left: all mu are to be left out.");
  header_.left_out.insert(header_.left_out.end(), mu.begin(), mu.end());
  header_.mu = picked_rows(header_.mu, kept);
  if (header_.ragged()) header_.runs = picked_rows(header_.runs, kept);
  if (header_.field) {
    header_.field->lengths = picked_rows(header_.field->lengths, kept);
    header_.field->charge_density = picked_rows(header_.field->charge_density, kept);
  }
  stored_ = picked_rows(stored_, kept);
}

void DatasetReader::ignore_identity() {
  if (!header_.follows()) return;
  header_.identity = Identity::marginals;
  header_.has_id = false;
  header_.identity_ignored = true;
}

template <class T>
void DatasetReader::read_values(const char* name, std::int64_t mu_index, std::int64_t frame, std::int64_t width,
                                std::span<T> values) const {
  const auto [offset, count] = table_.block(stored(mu_index), frame, width);
  file_.read_block<T>(name, offset, count, values);
  if (const auto bad = first_not_finite(std::span<const T>(values))) {
    const auto d = static_cast<std::size_t>(std::max<std::int64_t>(1, width));
    wrong(file_, "dataset '" + std::string(name) + "' is not finite at mu " + std::to_string(stored(mu_index)) +
                     ", time " + std::to_string(frame) + ", particle " + std::to_string(*bad / d) +
                     (width > 0 ? ", coordinate '" + header_.coordinates[*bad % d] + "'" : ""));
  }
}

void DatasetReader::read_samples(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  read_values<float>("/samples", mu_index, frame, header_.dimension(), values);
}

void DatasetReader::read_samples(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const {
  read_values<double>("/samples", mu_index, frame, header_.dimension(), values);
}

void DatasetReader::read_velocities(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  read_values<float>("/velocities", mu_index, frame, header_.dimension(), values);
}

void DatasetReader::read_velocities(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const {
  read_values<double>("/velocities", mu_index, frame, header_.dimension(), values);
}

void DatasetReader::read_weights(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  read_values<float>("/weights", mu_index, frame, 0, values);
}

void DatasetReader::read_weights(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const {
  read_values<double>("/weights", mu_index, frame, 0, values);
}

void DatasetReader::read_id(std::int64_t mu_index, std::int64_t frame, std::span<std::int64_t> values) const {
  if (!header_.ragged())
    return file_.read_block<std::int64_t>("/id", {stored(mu_index), 0}, {1, header_.particles}, values);
  const auto [offset, count] = table_.block(stored(mu_index), frame, 0);
  file_.read_block<std::int64_t>("/id", offset, count, values);
}

void DatasetReader::read_density(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const {
  data::read_density(file_, header_.density.value(), stored(mu_index), frame, values);
}

ParticleFrame DatasetReader::read_frame(std::int64_t mu_index, std::int64_t frame) const {
  const auto n = static_cast<std::size_t>(header_.particles_at(mu_index, frame));
  const std::size_t size = n * header_.coordinates.size();
  ParticleFrame result;
  result.samples.resize(size);
  read_samples(mu_index, frame, result.samples);
  if (header_.has_velocities) {
    result.velocities.resize(size);
    read_velocities(mu_index, frame, result.velocities);
  }
  if (header_.has_weights) {
    result.weights.resize(n);
    read_weights(mu_index, frame, result.weights);
  }
  if (header_.has_id) {
    result.id.resize(n);
    read_id(mu_index, frame, result.id);
  }
  return result;
}

std::optional<Diagnostics> DatasetReader::read_diagnostics() const {
  if (!file_.exists("/diagnostics/time")) return std::nullopt;
  Diagnostics diagnostics;
  diagnostics.time = read_time(file_, "/diagnostics/time", "[D]");
  const auto steps = static_cast<std::int64_t>(diagnostics.time.size());
  const std::int64_t runs = file_.dims("/mu")[0];
  for (const auto& name : file_.children("/diagnostics")) {
    const std::string full = "/diagnostics/" + name;
    if (name == "time" || file_.is_group(full)) continue;
    const h5::Dims dims = file_.dims(full);
    if (dims.size() < 2 || dims.size() > 3 || dims[0] != runs || dims[1] != steps)
      wrong(file_, "dataset '" + full + "' has shape " + h5::to_text(dims) +
                       ", expected [M, D] or [M, D, m] with M = " + std::to_string(runs) +
                       ", D = " + std::to_string(steps));
    const auto text = [&](const char* key) {
      return file_.has_attribute(full, key) ? file_.string_attribute(full, key) : std::string();
    };
    const auto width = static_cast<std::size_t>(steps * (dims.size() == 3 ? dims[2] : 1));
    h5::Dims kept = dims;
    kept[0] = header_.mu_count();
    diagnostics.series[name] = {kept, picked_rows(file_.read<double>(full), stored_, width), text("description"),
                                text("units")};
  }
  return diagnostics;
}

namespace {

void check_size(const DatasetHeader& header, const std::vector<double>& mu) {
  if (mu.size() != header.mu_names.size())
    throw UsageError("mu with " + std::to_string(mu.size()) + " values given, the data have " +
                     std::to_string(header.mu_names.size()) + ".");
}

}  // namespace

std::string identity_word(const DatasetHeader& header) {
  if (header.identity_ignored) return "ignored";
  return header.identity == Identity::trajectories ? "trajectories" : "marginals";
}

std::int64_t nearest_mu(const DatasetHeader& header, const std::vector<double>& mu) {
  check_size(header, mu);
  return MuSet(header.mu).nearest(mu);
}

std::optional<std::int64_t> find_mu(const DatasetHeader& header, const std::vector<double>& mu) {
  check_size(header, mu);
  return MuSet(header.mu).find(mu);
}

}  // namespace scorefield::data
