#include "training/metrics/wasserstein.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/require.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::uint64_t kDirectionStream = 0x646972;

// Bits of a float as an integer of the same order, and back.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

float from_ordered_bits(std::uint32_t key) { return std::bit_cast<float>((key >> 31) != 0 ? key & 0x7FFFFFFFu : ~key); }

/// Sorts by 32 bits of the keys, from `first_bit` on; stable.
template <class Key>
void radix_sort(std::vector<Key>& keys, int first_bit) {
  constexpr int kDigitBits = 11;
  constexpr Key kDigits = Key{1} << kDigitBits;
  std::vector<Key> sorted(keys.size());
  for (int shift = first_bit; shift < first_bit + 32; shift += kDigitBits) {
    std::array<std::size_t, kDigits> position{};
    for (const Key key : keys) ++position[(key >> shift) & (kDigits - 1)];
    std::size_t total = 0;
    for (std::size_t& p : position) total += std::exchange(p, total);
    for (const Key key : keys) sorted[position[(key >> shift) & (kDigits - 1)]++] = key;
    keys.swap(sorted);
  }
}

/// Sorts values and writes the shares of the weight up to and with each of them. shares: [N], sum 1
void sort_weighted(std::vector<float>& values, std::span<const float> shares, float* levels) {
  std::vector<std::uint64_t> keys(values.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = std::uint64_t{ordered_bits(values[i])} << 32 | i;
  radix_sort(keys, 32);
  double sum = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values[i] = from_ordered_bits(static_cast<std::uint32_t>(keys[i] >> 32));
    sum += shares[keys[i] & 0xFFFFFFFFu];
    levels[i] = static_cast<float>(std::min(sum, 1.0));
  }
  if (!keys.empty()) levels[keys.size() - 1] = 1;
}

/// [projections, dimension] unit vectors, uniform on the sphere.
std::vector<float> random_directions(std::int64_t projections, std::int64_t dimension, std::int64_t seed) {
  const Philox random(static_cast<std::uint64_t>(seed), kDirectionStream);
  std::vector<float> directions(static_cast<std::size_t>(projections * dimension));
  for (std::int64_t p = 0; p < projections; ++p) {
    float* direction = directions.data() + p * dimension;
    double squared = 0;
    for (std::int64_t k = 0; k < dimension; ++k) {
      const double normal = random.normals(static_cast<std::uint64_t>(p * dimension + k))[0];
      direction[k] = static_cast<float>(normal);
      squared += normal * normal;
    }
    const auto inverse = static_cast<float>(1.0 / std::sqrt(squared));
    for (std::int64_t k = 0; k < dimension; ++k) direction[k] *= inverse;
  }
  return directions;
}

}  // namespace

void sort_floats(std::vector<float>& values) {
  std::vector<std::uint32_t> keys(values.size());
  std::transform(values.begin(), values.end(), keys.begin(), ordered_bits);
  radix_sort(keys, 0);
  std::transform(keys.begin(), keys.end(), values.begin(), from_ordered_bits);
}

double wasserstein2_sorted(std::span<const float> x, std::span<const float> y) {
  const auto n = static_cast<std::int64_t>(x.size());
  const auto m = static_cast<std::int64_t>(y.size());
  if (n == 0 || m == 0) throw Error("W2 needs two samples that are not empty");
  // The quantile functions are constant between the levels i/n and j/m; levels are compared as integers i m, j n.
  double sum = 0;
  std::int64_t i = 0;
  std::int64_t j = 0;
  std::int64_t level = 0;
  while (i < n && j < m) {
    const std::int64_t next = std::min((i + 1) * m, (j + 1) * n);
    const double difference = static_cast<double>(x[i]) - y[j];
    sum += static_cast<double>(next - level) * difference * difference;
    level = next;
    if (level == (i + 1) * m) ++i;
    if (level == (j + 1) * n) ++j;
  }
  return std::sqrt(sum / (static_cast<double>(n) * static_cast<double>(m)));
}

double wasserstein2_sorted(const WeightedLine& x, const WeightedLine& y) {
  if (x.levels.empty() && y.levels.empty()) return wasserstein2_sorted(x.points, y.points);
  if (x.points.empty() || y.points.empty()) throw Error("W2 needs two samples that are not empty");
  const auto level_of = [](const WeightedLine& line, std::size_t i) {
    return line.levels.empty() ? static_cast<double>(i + 1) / static_cast<double>(line.points.size())
                               : static_cast<double>(line.levels[i]);
  };
  double sum = 0, level = 0;
  for (std::size_t i = 0, j = 0; i < x.points.size() && j < y.points.size();) {
    const double x_level = level_of(x, i), y_level = level_of(y, j), next = std::min(x_level, y_level);
    const double difference = static_cast<double>(x.points[i]) - y.points[j];
    sum += (next - level) * difference * difference;
    level = next;
    if (x_level <= next) ++i;
    if (y_level <= next) ++j;
  }
  return std::sqrt(sum);
}

double wasserstein2_1d(std::span<const float> x, std::span<const float> y) {
  std::vector<float> sorted_x(x.begin(), x.end());
  std::vector<float> sorted_y(y.begin(), y.end());
  sort_floats(sorted_x);
  sort_floats(sorted_y);
  return wasserstein2_sorted(sorted_x, sorted_y);
}

SlicedWasserstein::SlicedWasserstein(std::vector<double> periods, std::int64_t projections, std::int64_t seed)
    : periods_(std::move(periods)), projections_(projections) {
  require("the number of projections", projections, at_least(1));
  const auto wound = std::count_if(periods_.begin(), periods_.end(), [](double period) { return period > 0; });
  embedding_dimension_ = static_cast<std::int64_t>(periods_.size()) + wound;
  directions_ = random_directions(projections, embedding_dimension_, seed);
}

SlicedWasserstein::Projections SlicedWasserstein::project(const PointCloud& cloud) const {
  if (cloud.dimension != static_cast<std::int64_t>(periods_.size()))
    throw Error("a cloud of dimension " + std::to_string(cloud.dimension) + " cannot be projected with " +
                std::to_string(periods_.size()) + " periods");
  const std::int64_t n = cloud.count();
  const std::vector<float> embedded = on_circles(cloud, periods_);
  const auto shares = shares_of(cloud);
  Projections result{n, std::vector<float>(static_cast<std::size_t>(projections_ * n))};
  if (!shares.empty()) result.levels.resize(result.sorted.size());
  parallel_for(projections_, [&](std::int64_t p) {
    std::vector<float> line(static_cast<std::size_t>(n));
    for (std::int64_t k = 0; k < embedding_dimension_; ++k) {
      const float weight = directions_[p * embedding_dimension_ + k];
      const float* coordinate = embedded.data() + k * n;
      for (std::int64_t i = 0; i < n; ++i) line[i] += weight * coordinate[i];
    }
    if (shares.empty()) sort_floats(line);
    else sort_weighted(line, shares, result.levels.data() + p * n);
    std::copy(line.begin(), line.end(), result.sorted.begin() + p * n);
  });
  return result;
}

WeightedLine SlicedWasserstein::Projections::line(std::int64_t projection) const {
  const auto begin = static_cast<std::size_t>(projection * count), n = static_cast<std::size_t>(count);
  return {std::span(sorted).subspan(begin, n),
          levels.empty() ? std::span<const float>() : std::span(levels).subspan(begin, n)};
}

double SlicedWasserstein::distance(const Projections& x, const Projections& y) const {
  std::vector<double> distances(static_cast<std::size_t>(projections_));
  parallel_for(projections_, [&](std::int64_t p) { distances[p] = wasserstein2_sorted(x.line(p), y.line(p)); });
  double sum = 0;
  for (const double distance : distances) sum += distance * distance;
  return std::sqrt(sum / static_cast<double>(projections_));
}

}  // namespace scorefield::metrics
