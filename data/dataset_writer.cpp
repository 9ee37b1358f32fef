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

void check_header(const std::string& path, const DatasetHeader& header) {
  const std::string& format = header.provenance.format;
  if (format != kDatasetFormat && format != kRolloutFormat) refuse(path, "'" + format + "' is not a dataset format");
  check_mu(path, header);
  check_time(path, header.time);
  if (header.particles < 1) refuse(path, "it would hold " + std::to_string(header.particles) + " particles");
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
}

/// A header fit to be written, its format filled in; throws otherwise, before any file is touched.
DatasetHeader checked(const std::string& path, DatasetHeader header) {
  if (header.provenance.format.empty()) header.provenance.format = kDatasetFormat;
  check_header(path, header);
  return header;
}

/// One frame per chunk, except that HDF5 ends at 4 GiB per chunk: enormous frames take several.
h5::Dims chunk_shape(const DatasetHeader& header) {
  constexpr std::int64_t kLargestChunk = std::int64_t{1} << 28;  // values: 1 GiB
  const std::int64_t rows = std::max<std::int64_t>(1, kLargestChunk / header.dimension());
  return {1, 1, std::min(header.particles, rows), header.dimension()};
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& path, DatasetHeader header)
    : header_(checked(path, std::move(header))),
      destination_(path),
      file_(h5::File::create(destination_.temporary_path(), path)),
      written_(static_cast<std::size_t>(header_.mu_count() * header_.frames()), false) {
  write_provenance(file_, header_.provenance);

  std::vector<double> mu;
  for (const auto& values : header_.mu) mu.insert(mu.end(), values.begin(), values.end());
  file_.write<double>("/mu", mu, {header_.mu_count(), static_cast<std::int64_t>(header_.mu_names.size())});
  file_.set_attribute("/mu", "names", header_.mu_names);
  file_.write<double>("/time", header_.time, {header_.frames()});
  file_.set_attribute("/time", "units", header_.time_units);

  const h5::Dims shape{header_.mu_count(), header_.frames(), header_.particles, header_.dimension()};
  file_.create_dataset<float>("/samples", shape, chunk_shape(header_));
  file_.set_attribute("/samples", "coordinates", header_.coordinates);
  file_.set_attribute("/samples", "units", header_.units);
  file_.set_attribute("/samples", "periods", header_.periods);
  file_.set_attribute("/samples", "identity",
                      std::string(header_.identity == Identity::trajectories ? "trajectories" : "marginals"));
  if (header_.has_velocities) {
    file_.create_dataset<float>("/velocities", shape, chunk_shape(header_));
    file_.set_attribute("/velocities", "description", std::string("time derivative of /samples, per unit of /time"));
    if (!header_.diffusion.empty()) file_.set_attribute("/velocities", "diffusion", header_.diffusion);
  }
}

void DatasetWriter::write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                                std::span<const float> velocities) {
  const std::string& path = destination_.destination();
  const std::string where = "frame (mu " + std::to_string(mu_index) + ", time " + std::to_string(frame) + ")";
  if (mu_index < 0 || mu_index >= header_.mu_count() || frame < 0 || frame >= header_.frames())
    refuse(path, where + " is outside of " + h5::to_text({header_.mu_count(), header_.frames()}));
  const auto size = static_cast<std::size_t>(header_.frame_size());
  if (samples.size() != size || velocities.size() != (header_.has_velocities ? size : 0))
    refuse(path, where + " has " + std::to_string(samples.size()) + " sample and " + std::to_string(velocities.size()) +
                     " velocity values, expected " + std::to_string(size) +
                     (header_.has_velocities ? " each" : " and none"));
  for (const auto& values : {samples, velocities})
    if (const auto bad = first_not_finite(values))
      refuse(path,
             where + ", particle " + std::to_string(*bad / header_.coordinates.size()) + ": a value is not finite");
  const h5::Dims offset{mu_index, frame, 0, 0}, count{1, 1, header_.particles, header_.dimension()};
  file_.write_block<float>("/samples", offset, count, samples);
  if (header_.has_velocities) file_.write_block<float>("/velocities", offset, count, velocities);
  written_[static_cast<std::size_t>(mu_index * header_.frames() + frame)] = true;
}

void DatasetWriter::add_log_density(const std::string& initial) {
  const auto rows = chunk_shape(header_)[2];
  file_.create_dataset<float>("/log_density", {header_.mu_count(), header_.frames(), header_.particles}, {1, 1, rows});
  file_.set_attribute("/log_density", "description",
                      std::string("log of the density at /samples, per unit volume of the coordinates"));
  file_.set_attribute("/log_density", "initial", initial);
}

void DatasetWriter::write_log_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values) {
  if (static_cast<std::int64_t>(values.size()) != header_.particles || first_not_finite(values))
    refuse(destination_.destination(), "the log-density of frame (mu " + std::to_string(mu_index) + ", time " +
                                           std::to_string(frame) + ") is not " + std::to_string(header_.particles) +
                                           " finite values");
  file_.write_block<float>("/log_density", {mu_index, frame, 0}, {1, 1, header_.particles}, values);
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
  for (const auto& [name, series] : diagnostics.series)
    file_.write<double>("/diagnostics/" + name, series.values, series.shape);
}

void DatasetWriter::commit() {
  const auto missing = std::find(written_.begin(), written_.end(), false);
  if (missing != written_.end()) {
    const auto index = missing - written_.begin();
    refuse(destination_.destination(), "frame (mu " + std::to_string(index / header_.frames()) + ", time " +
                                           std::to_string(index % header_.frames()) + ") was never given");
  }
  file_.close();
  destination_.commit();
}

}  // namespace scorefield::data
