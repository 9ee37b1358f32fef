#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/finite.hpp"

namespace scorefield::data {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& problem) {
  throw FileError(path, "cannot be written: " + problem + ".");
}

void check_mu(const std::string& path, const DatasetHeader& header) {
  if (header.mu.empty()) refuse(path, "there is no value of mu");
  for (const auto& values : header.mu) {
    if (values.size() != header.mu_names.size())
      refuse(path, "a mu has " + std::to_string(values.size()) + " values, there are " +
                       std::to_string(header.mu_names.size()) + " names of parameters");
    if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
      refuse(path, "a mu is not finite");
  }
}

void check_time(const std::string& path, const std::vector<double>& time) {
  if (time.empty()) refuse(path, "there is no time");
  for (std::size_t k = 0; k < time.size(); ++k)
    if (!std::isfinite(time[k]) || (k > 0 && time[k] <= time[k - 1]))
      refuse(path, "time [" + std::to_string(k) + "] = " + std::to_string(time[k]) + " does not increase");
}

void check_frames(const std::string& path, const DatasetHeader& header) {
  if (!header.ragged()) {
    check_time(path, header.time);
    if (header.particles < 1) refuse(path, "it would hold " + std::to_string(header.particles) + " particles");
    return;
  }
  if (header.runs.size() != header.mu.size())
    refuse(path, std::to_string(header.mu.size()) + " mu have frames of " + std::to_string(header.runs.size()));
  for (const auto& [time, particles] : header.runs) {
    check_time(path, time);
    if (particles.size() != time.size())
      refuse(path,
             std::to_string(time.size()) + " times have numbers of particles at " + std::to_string(particles.size()));
    for (const std::int64_t count : particles)
      if (count < 1) refuse(path, "a frame would hold " + std::to_string(count) + " particles");
  }
}

void check_coordinates(const std::string& path, const DatasetHeader& header) {
  const std::size_t d = header.coordinates.size();
  if (d == 0) refuse(path, "there are no coordinates");
  if (header.units.size() != d || header.periods.size() != d)
    refuse(path, std::to_string(d) + " coordinates, " + std::to_string(header.units.size()) + " units and " +
                     std::to_string(header.periods.size()) + " periods do not match");
  for (const double period : header.periods)
    if (!std::isfinite(period) || period < 0) refuse(path, "a period is " + std::to_string(period));
  if (!header.diffusion.empty() && header.diffusion.size() != d)
    refuse(path, std::to_string(d) + " coordinates and " + std::to_string(header.diffusion.size()) +
                     " diffusions do not match");
  for (const double rate : header.diffusion)
    if (!std::isfinite(rate) || rate < 0) refuse(path, "a diffusion is " + std::to_string(rate));
  if (header.field && header.field->charge_density.size() != header.mu.size())
    refuse(path, std::to_string(header.mu.size()) + " mu have charge densities of " +
                     std::to_string(header.field->charge_density.size()));
}

/// A header fit to be written, its format filled in; throws otherwise, before any file is touched.
DatasetHeader checked(const std::string& path, DatasetHeader header) {
  if (header.provenance.format.empty()) header.provenance.format = kDatasetFormat;
  const std::string& format = header.provenance.format;
  if (format != kDatasetFormat && format != kRolloutFormat) refuse(path, "'" + format + "' is not a dataset format");
  check_mu(path, header);
  check_frames(path, header);
  check_coordinates(path, header);
  if (header.density && (header.ragged() || header.density->axes.size() != header.coordinates.size()))
    refuse(path, "a density needs frames that are alike and an axis for every coordinate");
  // Files that version 1 can express stay readable by programs that know no other.
  const bool second = header.ragged() || header.has_weights || header.has_id;
  header.provenance.format_version = second ? kDatasetVersion : kFormatVersion;
  return header;
}

/// One frame per chunk, except that HDF5 ends at 4 GiB per chunk: enormous frames take several. Frames that differ lie
/// one after the other, without chunks.
h5::Dims chunk_shape(const DatasetHeader& header, std::int64_t width) {
  if (header.ragged()) return {};
  constexpr std::int64_t kLargestChunk = std::int64_t{1} << 28;  // values: 1 GiB
  const std::int64_t rows = std::max<std::int64_t>(1, kLargestChunk / std::max<std::int64_t>(1, width));
  h5::Dims chunk{1, 1, std::min(header.particles, rows)};
  if (width > 0) chunk.push_back(width);
  return chunk;
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& path, DatasetHeader header)
    : header_(checked(path, std::move(header))),
      table_(header_),
      destination_(path),
      file_(h5::File::create(destination_.temporary_path(), path)),
      written_(static_cast<std::size_t>(table_.size()), false) {
  write_header();
  create_arrays();
}

void DatasetWriter::write_header() {
  write_provenance(file_, header_.provenance);
  write_mu(file_, "/mu", header_.mu);
  file_.set_attribute("/mu", "names", header_.mu_names);
  if (!header_.left_out.empty()) write_mu(file_, "/left_out_mu", header_.left_out);
  if (header_.field) write_charged_box(file_, *header_.field);
  if (!header_.ragged()) {
    file_.write<double>("/time", header_.time, {header_.frames()});
    file_.set_attribute("/time", "units", header_.time_units);
    return;
  }
  file_.set_attribute("/", "layout", std::string(kFramesLayout));
  std::vector<std::int64_t> mu;
  std::vector<double> time;
  for (std::int64_t f = 0; f < table_.size(); ++f) {
    const auto [m, k] = table_.place(f);
    mu.push_back(m);
    time.push_back(header_.times(m)[static_cast<std::size_t>(k)]);
  }
  file_.write<std::int64_t>("/frame_start", table_.starts(), {table_.size() + 1});
  file_.set_attribute("/frame_start", "description", std::string("first row of every frame, and the number of rows"));
  file_.write<std::int64_t>("/frame_mu", mu, {table_.size()});
  file_.set_attribute("/frame_mu", "description", std::string("row of /mu"));
  file_.write<double>("/frame_time", time, {table_.size()});
  file_.set_attribute("/frame_time", "units", header_.time_units);
}

void DatasetWriter::create_array(const std::string& name, std::int64_t width) {
  if (header_.double_precision) file_.create_dataset<double>(name, table_.shape(width), chunk_shape(header_, width));
  else file_.create_dataset<float>(name, table_.shape(width), chunk_shape(header_, width));
}

void DatasetWriter::create_arrays() {
  const std::int64_t d = header_.dimension();
  create_array("/samples", d);
  file_.set_attribute("/samples", "coordinates", header_.coordinates);
  file_.set_attribute("/samples", "units", header_.units);
  file_.set_attribute("/samples", "periods", header_.periods);
  file_.set_attribute("/samples", "identity",
                      std::string(header_.identity == Identity::trajectories ? "trajectories" : "marginals"));
  if (!header_.guide.empty()) file_.set_attribute("/samples", "guide", header_.guide);
  if (header_.has_velocities) {
    create_array("/velocities", d);
    file_.set_attribute("/velocities", "description", std::string("time derivative of /samples, per unit of /time"));
    if (!header_.diffusion.empty()) file_.set_attribute("/velocities", "diffusion", header_.diffusion);
  }
  if (header_.has_weights) {
    create_array("/weights", 0);
    file_.set_attribute("/weights", "description",
                        std::string("how many real particles each stands for, not normalised"));
  }
  if (header_.density) create_density(file_, *header_.density, header_.mu_count(), header_.frames());
  if (!header_.has_id) return;
  if (header_.ragged()) file_.create_dataset<std::int64_t>("/id", table_.shape(0), {});
  else file_.create_dataset<std::int64_t>("/id", {header_.mu_count(), header_.particles}, {1, header_.particles});
  file_.set_attribute("/id", "description", std::string("name of the particle"));
}

template <class T>
void DatasetWriter::write_arrays(std::int64_t mu_index, std::int64_t frame, const Arrays<T>& arrays,
                                 std::span<const std::int64_t> id) {
  const auto& [samples, velocities, weights] = arrays;
  const std::string& path = destination_.destination();
  const std::string where = "frame (mu " + std::to_string(mu_index) + ", time " + std::to_string(frame) + ")";
  if (!table_.contains(mu_index, frame))
    refuse(path, where + " is outside of " +
                     (header_.ragged() ? "the " + std::to_string(table_.size()) + " frames"
                                       : h5::to_text({header_.mu_count(), header_.frames()})));
  const auto n = static_cast<std::size_t>(header_.particles_at(mu_index, frame));
  const std::size_t size = n * header_.coordinates.size();
  if (samples.size() != size || velocities.size() != (header_.has_velocities ? size : 0))
    refuse(path, where + " has " + std::to_string(samples.size()) + " sample and " + std::to_string(velocities.size()) +
                     " velocity values, expected " + std::to_string(size) +
                     (header_.has_velocities ? " each" : " and none"));
  if (weights.size() != (header_.has_weights ? n : 0) || id.size() != (header_.has_id ? n : 0))
    refuse(path, where + " has " + std::to_string(weights.size()) + " weights and " + std::to_string(id.size()) +
                     " ids, which do not fit its " + std::to_string(n) + " particles");
  for (const auto& values : {samples, velocities})
    if (const auto bad = first_not_finite(values))
      refuse(path,
             where + ", particle " + std::to_string(*bad / header_.coordinates.size()) + ": a value is not finite");
  for (const T weight : weights)
    if (!std::isfinite(weight) || weight < 0) refuse(path, where + " has the weight " + std::to_string(weight));
  const auto [offset, count] = table_.block(mu_index, frame, header_.dimension());
  file_.write_block<T>("/samples", offset, count, samples);
  if (header_.has_velocities) file_.write_block<T>("/velocities", offset, count, velocities);
  const auto [row, rows] = table_.block(mu_index, frame, 0);
  if (header_.has_weights) file_.write_block<T>("/weights", row, rows, weights);
  if (header_.has_id) write_id(mu_index, frame, id);
  written_[static_cast<std::size_t>(table_.index(mu_index, frame))] = true;
}

void DatasetWriter::write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                                std::span<const float> velocities, std::span<const float> weights,
                                std::span<const std::int64_t> id) {
  write_arrays<float>(mu_index, frame, {samples, velocities, weights}, id);
}

void DatasetWriter::write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const double> samples,
                                std::span<const double> velocities, std::span<const double> weights,
                                std::span<const std::int64_t> id) {
  write_arrays<double>(mu_index, frame, {samples, velocities, weights}, id);
}

void DatasetWriter::write_id(std::int64_t mu_index, std::int64_t frame, std::span<const std::int64_t> id) {
  if (header_.ragged()) {
    const auto [row, rows] = table_.block(mu_index, frame, 0);
    return file_.write_block<std::int64_t>("/id", row, rows, id);
  }
  auto& known = ids_[mu_index];
  if (known.empty()) {
    known.assign(id.begin(), id.end());
    return file_.write_block<std::int64_t>("/id", {mu_index, 0}, {1, header_.particles}, id);
  }
  if (!std::equal(known.begin(), known.end(), id.begin()))
    refuse(destination_.destination(), "the ids of mu " + std::to_string(mu_index) + " change at time " +
                                           std::to_string(frame) + ", where all frames have the same particles");
}

void DatasetWriter::add_log_density(const std::string& initial) {
  file_.create_dataset<float>("/log_density", table_.shape(0), chunk_shape(header_, 0));
  file_.set_attribute("/log_density", "description",
                      std::string("log of the density at /samples, per unit volume of the coordinates"));
  file_.set_attribute("/log_density", "initial", initial);
}

void DatasetWriter::write_log_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values) {
  const auto [row, rows] = table_.block(mu_index, frame, 0);
  const std::int64_t expected = rows.back();
  if (static_cast<std::int64_t>(values.size()) != expected || first_not_finite(values))
    refuse(destination_.destination(), "the log-density of frame (mu " + std::to_string(mu_index) + ", time " +
                                           std::to_string(frame) + ") is not " + std::to_string(expected) +
                                           " finite values");
  file_.write_block<float>("/log_density", row, rows, values);
}

void DatasetWriter::write_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values) {
  data::write_density(file_, header_.density.value(), mu_index, frame, values);
  ++densities_;
}

void DatasetWriter::write_diagnostics(const Diagnostics& diagnostics) {
  const std::string& path = destination_.destination();
  check_time(path, diagnostics.time);
  const auto steps = static_cast<std::int64_t>(diagnostics.time.size());
  for (const auto& [name, series] : diagnostics.series) {
    const h5::Dims& shape = series.shape;
    if (shape.size() < 2 || shape.size() > 3 || shape[0] != header_.mu_count() || shape[1] != steps)
      refuse(path, "diagnostic '" + name + "' has shape " + h5::to_text(shape) + ", expected [" +
                       std::to_string(header_.mu_count()) + ", " + std::to_string(steps) + "] or one axis more");
    if (!std::all_of(series.values.begin(), series.values.end(), [](double value) { return std::isfinite(value); }))
      refuse(path, "diagnostic '" + name + "' has a value that is not finite");
  }
  file_.write<double>("/diagnostics/time", diagnostics.time, {steps});
  file_.set_attribute("/diagnostics/time", "units", header_.time_units);
  for (const auto& [name, series] : diagnostics.series) {
    const std::string array = "/diagnostics/" + name;
    file_.write<double>(array, series.values, series.shape);
    if (!series.description.empty()) file_.set_attribute(array, "description", series.description);
    if (!series.units.empty()) file_.set_attribute(array, "units", series.units);
  }
}

void DatasetWriter::commit() {
  const auto missing = std::find(written_.begin(), written_.end(), false);
  if (missing != written_.end()) {
    const auto [m, k] = table_.place(missing - written_.begin());
    refuse(destination_.destination(),
           "frame (mu " + std::to_string(m) + ", time " + std::to_string(k) + ") was never given");
  }
  if (header_.density && densities_ != table_.size())
    refuse(destination_.destination(),
           "densities of " + std::to_string(table_.size() - densities_) + " frames were never given");
  file_.close();
  destination_.commit();
}

}  // namespace scorefield::data
