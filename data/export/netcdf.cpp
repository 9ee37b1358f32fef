#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
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

/// Which particle each draw is: [chain, draw] in row-major order.
struct Draws {
  std::vector<std::int64_t> particle;
  std::int64_t chains = 1;
  [[nodiscard]] std::int64_t each() const { return std::ssize(particle) / chains; }
};

/// A group whose variables begin with the axes chain and draw.
class DrawsGroup {
 public:
  DrawsGroup(h5::File& file, const std::string& path, const Draws& draws, const Provenance& provenance)
      : group_(file, path), draws_(draws) {
    group_.dimension({"chain", draws.chains});
    group_.dimension({"draw", draws.each()});
    describe(file, path, provenance);
  }
  /// rows: [N, shape...] of all particles; every axis of the shape is a dimension NAME_dim_0, NAME_dim_1, ... or has a
  /// name of `axes`.
  template <class T>
  void variable(const std::string& name, const std::vector<T>& rows, const h5::Dims& shape,
                std::vector<std::string> axes = {}) {
    const bool taken = name == "chain" || name == "draw";
    h5::Dims dims{draws_.chains, draws_.each()};
    std::size_t width = 1;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (axes.size() == axis) axes.push_back(name + "_dim_" + std::to_string(axis));
      group_.dimension({axes[axis], shape[axis]});
      dims.push_back(shape[axis]);
      width *= static_cast<std::size_t>(shape[axis]);
    }
    axes.insert(axes.begin(), {"chain", "draw"});
    group_.variable(taken ? name + "_" : name, picked_rows(rows, draws_.particle, width), dims, axes);
  }

 private:
  NetcdfGroup group_;
  const Draws& draws_;
};

/// What a target has declared; without that, the coordinates as one array x. Pointwise likelihoods have a group of
/// their own, as ArviZ expects.
void write_variables(h5::File& file, const SampleCloud& cloud, const Draws& draws) {
  DrawsGroup posterior(file, "/posterior", draws, cloud.provenance);
  file.set_attribute("/posterior", "method", cloud.method);
  file.set_attribute("/posterior", "target", cloud.target);
  if (cloud.variables.empty()) {
    posterior.variable("x", cloud.samples, {cloud.dimension}, {"coordinate"});
    if (!cloud.names.empty()) file.set_attribute("/posterior", "coordinate_names", cloud.names);
  }
  for (const auto& variable : cloud.variables) {
    if (variable.name == "log_lik" && variable.role == "generated quantity")
      DrawsGroup(file, "/log_likelihood", draws, cloud.provenance)
          .variable(variable.name, variable.values, variable.shape);
    else posterior.variable(variable.name, variable.values, variable.shape);
  }
}

/// The particles of every replica, in order.
std::vector<std::vector<std::int64_t>> replicas_of(const SampleCloud& cloud) {
  std::map<std::int64_t, std::vector<std::int64_t>> members;
  for (std::int64_t i = 0; i < cloud.particles; ++i)
    members[cloud.replica.empty() ? 0 : cloud.replica[static_cast<std::size_t>(i)]].push_back(i);
  std::vector<std::vector<std::int64_t>> all;
  for (auto& [replica, particles] : members) all.push_back(std::move(particles));
  return all;
}

/// A chain for each replica, all of the shortest one's length; weighted particles are drawn as often as they weigh in
/// their replica.
Draws draws_of(const SampleCloud& cloud, std::uint64_t seed) {
  const auto replicas = replicas_of(cloud);
  std::size_t length = replicas.front().size();
  for (const auto& replica : replicas) length = std::min(length, replica.size());
  Draws draws{{}, std::ssize(replicas)};
  for (const auto& replica : replicas) {
    auto chain = replica;
    if (!cloud.weights.empty())
      chain = picked_rows(replica, systematic_draws(picked_rows(cloud.weights, replica), seed));
    draws.particle.insert(draws.particle.end(), chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(length));
  }
  return draws;
}

}  // namespace

void write_netcdf(const SampleCloud& cloud, const std::string& output, std::uint64_t seed) {
  AtomicFile destination(output);
  h5::File file = h5::File::create(destination.temporary_path(), output);
  const Draws draws = draws_of(cloud, seed);
  write_variables(file, cloud, draws);
  if (!cloud.log_prob.empty() || !cloud.weights.empty()) {
    DrawsGroup stats(file, "/sample_stats", draws, cloud.provenance);
    if (!cloud.log_prob.empty()) stats.variable("lp", cloud.log_prob, {});
    if (!cloud.weights.empty()) {
      std::vector<std::int64_t> all(cloud.weights.size());
      std::iota(all.begin(), all.end(), std::int64_t{0});
      stats.variable("weight", cloud.weights, {});
      stats.variable("particle", all, {});
    }
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
