#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/rows.hpp"
#include "data/export/writers.hpp"

namespace scorefield::data {
namespace {

struct Dimension {
  std::string name;
  std::int64_t size;
};

/// A group of a NetCDF-4 file: dimensions with a coordinate variable each, and variables along them.
class NetcdfGroup {
 public:
  NetcdfGroup(h5::File& file, std::string path) : file_(file), path_(std::move(path)) { file_.create_group(path_); }

  void dimension(const Dimension& dimension, const std::vector<double>& values = {}) {
    const std::string name = path_ + "/" + dimension.name;
    if (values.empty()) {
      std::vector<std::int64_t> index(static_cast<std::size_t>(dimension.size));
      std::iota(index.begin(), index.end(), std::int64_t{0});
      file_.write<std::int64_t>(name, index, {dimension.size});
    } else {
      file_.write<double>(name, values, {dimension.size});
    }
    file_.make_dimension(name, dimension.name);
    file_.set_attribute(name, "_Netcdf4Dimid", count_++);
  }
  /// Declares that the axes of a variable of this group are these dimensions.
  void along(const std::string& variable, const std::vector<std::string>& dimensions, bool floating) {
    for (std::size_t axis = 0; axis < dimensions.size(); ++axis)
      file_.attach_dimension(path_ + "/" + variable, static_cast<int>(axis), path_ + "/" + dimensions[axis]);
    if (floating)
      file_.set_attribute(path_ + "/" + variable, "_FillValue",
                          std::vector<double>{std::numeric_limits<double>::quiet_NaN()});
  }
  template <class T>
  void variable(const std::string& name, const std::vector<T>& values, const h5::Dims& dims,
                const std::vector<std::string>& dimensions) {
    file_.write<T>(path_ + "/" + name, values, dims);
    along(name, dimensions, std::is_floating_point_v<T>);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  h5::File& file_;
  std::string path_;
  std::int64_t count_ = 0;
};

void describe(h5::File& file, const std::string& group, const Provenance& provenance) {
  file.set_attribute(group, "inference_library", std::string("scorefield"));
  file.set_attribute(group, "inference_library_version", provenance.scorefield_version);
  file.set_attribute(group, "created_at", provenance.created);
}

/// Indices of as many draws as there are weights: each particle floor or ceil(n w) times.
std::vector<std::int64_t> systematic_draws(const std::vector<double>& weights, std::uint64_t seed) {
  std::vector<std::int64_t> draws;
  for_systematic_rows(std::span(weights), std::ssize(weights), Philox(seed, 0).uniforms(0)[0],
                      [&](std::size_t n) { draws.push_back(static_cast<std::int64_t>(n)); });
  return draws;
}

}  // namespace

void write_netcdf(const SampleCloud& cloud, const std::string& output, std::uint64_t seed) {
  AtomicFile destination(output);
  h5::File file = h5::File::create(destination.temporary_path(), output);
  const std::int64_t n = cloud.particles, d = cloud.dimension;
  std::vector<std::int64_t> draws(static_cast<std::size_t>(n));
  std::iota(draws.begin(), draws.end(), std::int64_t{0});
  if (!cloud.weights.empty()) draws = systematic_draws(cloud.weights, seed);

  NetcdfGroup posterior(file, "/posterior");
  for (const Dimension& dimension : {Dimension{"chain", 1}, {"draw", n}, {"coordinate", d}})
    posterior.dimension(dimension);
  posterior.variable("x", picked_rows(cloud.samples, draws, static_cast<std::size_t>(d)), {1, n, d},
                     {"chain", "draw", "coordinate"});
  describe(file, "/posterior", cloud.provenance);
  file.set_attribute("/posterior", "method", cloud.method);
  file.set_attribute("/posterior", "target", cloud.target);
  if (!cloud.log_prob.empty() || !cloud.weights.empty()) {
    NetcdfGroup stats(file, "/sample_stats");
    for (const Dimension& dimension : {Dimension{"chain", 1}, {"draw", n}}) stats.dimension(dimension);
    const std::vector<std::string> along{"chain", "draw"};
    if (!cloud.log_prob.empty()) stats.variable("lp", picked_rows(cloud.log_prob, draws), {1, n}, along);
    if (!cloud.weights.empty()) {
      stats.variable("weight", picked_rows(cloud.weights, draws), {1, n}, along);
      stats.variable("particle", draws, {1, n}, along);
    }
    describe(file, "/sample_stats", cloud.provenance);
  }
  file.close();
  destination.commit();
}

void write_netcdf(const DatasetReader& reader, const std::string& output) {
  const DatasetHeader& header = reader.header();
  if (header.ragged())
    throw FileError(reader.path(),
                    "has frames of different size, NetCDF expects equal ones. Export it as .npz or openPMD.");
  AtomicFile destination(output);
  h5::File file = h5::File::create(destination.temporary_path(), output);
  const std::int64_t m = header.mu_count(), n = header.particles, k = header.frames(), d = header.dimension();
  NetcdfGroup posterior(file, "/posterior");
  posterior.dimension({"chain", m});
  posterior.dimension({"draw", n});
  posterior.dimension({"time", k}, header.time);
  posterior.dimension({"coordinate", d});
  file.create_dataset<float>(posterior.path("x"), {m, n, k, d}, {1, n, 1, d});
  std::vector<float> frame(static_cast<std::size_t>(header.frame_size()));
  for (std::int64_t run = 0; run < m; ++run)
    for (std::int64_t time = 0; time < k; ++time) {
      reader.read_samples(run, time, frame);
      file.write_block<float>(posterior.path("x"), {run, 0, time, 0}, {1, n, 1, d}, frame);
    }
  posterior.along("x", {"chain", "draw", "time", "coordinate"}, false);
  describe(file, "/posterior", header.provenance);
  file.set_attribute("/posterior", "coordinate_names", header.coordinates);
  NetcdfGroup constants(file, "/constant_data");
  constants.dimension({"chain", m});
  for (std::size_t i = 0; i < header.mu_names.size(); ++i) {
    std::vector<double> values;
    for (const auto& row : header.mu) values.push_back(row[i]);
    constants.variable(header.mu_names[i], values, {m}, {"chain"});
  }
  describe(file, "/constant_data", header.provenance);
  file.close();
  destination.commit();
}

}  // namespace scorefield::data
