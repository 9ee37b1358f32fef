#include "training/initial_populations.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string>

#include "core/error.hpp"
#include "data/finite.hpp"
#include "data/mu_set.hpp"
#include "data/schema.hpp"
#include "data/shapes.hpp"

namespace scorefield::training {
namespace {

constexpr const char* kRemedy = " Train the model again.";

/// Row of every population among those of all, and their number, [M + 1].
std::vector<std::int64_t> starts_of(const InitialPopulations& initial, std::int64_t dimension) {
  std::vector<std::int64_t> starts{0};
  for (const auto& samples : initial.samples)
    starts.push_back(starts.back() + static_cast<std::int64_t>(samples.size()) / dimension);
  return starts;
}

bool alike(const std::vector<std::int64_t>& starts) {
  for (std::size_t m = 1; m < starts.size(); ++m)
    if (starts[m] - starts[m - 1] != starts[1]) return false;
  return true;
}

/// Where the numbers of population m lie in an array of `width` a particle (0: one, without an axis).
struct Block {
  h5::Dims offset, count;
};
Block block_of(const std::vector<std::int64_t>& starts, std::size_t m, std::int64_t width, bool stacked) {
  const std::int64_t n = starts[m + 1] - starts[m];
  Block block = stacked ? Block{{static_cast<std::int64_t>(m), 0}, {1, n}} : Block{{starts[m]}, {n}};
  if (width == 0) return block;
  block.offset.push_back(0);
  block.count.push_back(width);
  return block;
}

void write_rows(h5::File& file, const std::string& name, const std::vector<std::vector<float>>& values,
                const std::vector<std::int64_t>& starts, std::int64_t width) {
  const bool stacked = alike(starts);
  h5::Dims shape = stacked ? h5::Dims{static_cast<std::int64_t>(values.size()), starts[1]} : h5::Dims{starts.back()};
  if (width > 0) shape.push_back(width);
  h5::Dims chunk = stacked ? shape : h5::Dims{};
  if (stacked) chunk[0] = 1;
  file.create_dataset<float>(name, shape, chunk);
  for (std::size_t m = 0; m < values.size(); ++m) {
    const auto [offset, count] = block_of(starts, m, width, stacked);
    file.write_block<float>(name, offset, count, values[m]);
  }
}

std::vector<std::vector<float>> read_rows(const h5::File& file, const std::string& name,
                                          const std::vector<std::int64_t>& starts, std::int64_t width, bool stacked) {
  std::vector<std::vector<float>> values;
  for (std::size_t m = 0; m + 1 < starts.size(); ++m) {
    const auto [offset, count] = block_of(starts, m, width, stacked);
    auto& read =
        values.emplace_back(static_cast<std::size_t>((starts[m + 1] - starts[m]) * std::max<std::int64_t>(1, width)));
    file.read_block<float>(name, offset, count, read);
    if (data::first_not_finite(std::span<const float>(read)))
      throw FileError(file.path(), "'" + name + "' has a value that is not finite." + kRemedy);
  }
  return values;
}

}  // namespace

std::size_t InitialPopulations::nearest(const std::vector<double>& at) const {
  return static_cast<std::size_t>(data::MuSet(mu).nearest(at));
}

InitialPopulations initial_populations_of(const data::DatasetReader& reader) {
  const auto& header = reader.header();
  const auto times = data::all_times(header);
  const double first = times.front(), same = 1e-6 * (times.back() - first);
  InitialPopulations initial;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    if (header.times(m).front() - first > same) continue;
    const std::int64_t n = header.particles_at(m, 0);
    initial.particles = initial.mu.empty() ? n : std::min(initial.particles, n);
    initial.mu.push_back(header.mu[static_cast<std::size_t>(m)]);
    reader.read_samples(m, 0, initial.samples.emplace_back(static_cast<std::size_t>(n * header.dimension())));
    if (header.has_weights) reader.read_weights(m, 0, initial.weights.emplace_back(static_cast<std::size_t>(n)));
  }
  return initial;
}

void write_initial(h5::File& file, const InitialPopulations& initial, std::int64_t dimension) {
  const auto starts = starts_of(initial, dimension);
  data::write_mu(file, "/initial/mu", initial.mu);
  write_rows(file, "/initial/samples", initial.samples, starts, dimension);
  if (!initial.weights.empty()) write_rows(file, "/initial/weights", initial.weights, starts, 0);
  if (!alike(starts)) file.write<std::int64_t>("/initial/start", starts, {static_cast<std::int64_t>(starts.size())});
}

InitialPopulations read_initial(const h5::File& file, std::int64_t dimension) {
  InitialPopulations initial;
  initial.mu = data::read_mu(file, "/initial/mu");
  const bool stacked = !file.exists("/initial/start");
  const auto dims = data::checked_dims(file, "/initial/samples", stacked ? 3 : 2, "[M, N, d]", kRemedy);
  if (dims.back() != dimension || (stacked && dims[0] != static_cast<std::int64_t>(initial.mu.size())))
    throw FileError(file.path(), std::string("'/initial/samples' must be [M, N, d].") + kRemedy);
  std::vector<std::int64_t> starts;
  if (stacked) {
    for (std::int64_t m = 0; m <= dims[0]; ++m) starts.push_back(m * dims[1]);
  } else {
    starts = file.read<std::int64_t>("/initial/start");
    if (starts.size() != initial.mu.size() + 1 || starts.front() != 0 || starts.back() != dims[0] ||
        std::adjacent_find(starts.begin(), starts.end(), std::greater_equal<>()) != starts.end())
      throw FileError(file.path(), std::string("'/initial/start' does not fit '/initial/samples'.") + kRemedy);
  }
  initial.particles = starts[1];
  for (std::size_t m = 1; m < starts.size(); ++m)
    initial.particles = std::min(initial.particles, starts[m] - starts[m - 1]);
  initial.samples = read_rows(file, "/initial/samples", starts, dimension, stacked);
  if (file.exists("/initial/weights")) initial.weights = read_rows(file, "/initial/weights", starts, 0, stacked);
  return initial;
}

}  // namespace scorefield::training
