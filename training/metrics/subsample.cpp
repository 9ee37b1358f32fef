#include "training/metrics/subsample.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "core/random.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::uint64_t kSubsampleStream = 0x737562;

std::int64_t widest_coordinate(const PointCloud& cloud, std::span<const std::int64_t> members) {
  std::int64_t widest = 0;
  float largest = -1;
  for (std::int64_t k = 0; k < cloud.dimension; ++k) {
    float low = cloud.point(members.front())[k];
    float high = low;
    for (const std::int64_t i : members) {
      low = std::min(low, cloud.point(i)[k]);
      high = std::max(high, cloud.point(i)[k]);
    }
    if (high - low > largest) {
      largest = high - low;
      widest = k;
    }
  }
  return widest;
}

/// Draws one point from each of `cells` parts of the members and appends them to `chosen`.
void draw(const PointCloud& cloud, std::span<std::int64_t> members, std::int64_t cells, const Philox& random,
          PointCloud& chosen) {
  if (cells == 1) {
    const auto cell = static_cast<std::uint64_t>(chosen.count());
    const auto point = cloud.point(members[random.integer(cell, members.size())]);
    chosen.values.insert(chosen.values.end(), point.begin(), point.end());
    return;
  }
  const std::int64_t lower_cells = cells / 2;
  const std::int64_t lower = static_cast<std::int64_t>(members.size()) * lower_cells / cells;
  const std::int64_t k = widest_coordinate(cloud, members);
  const auto before = [&cloud, k](std::int64_t a, std::int64_t b) {
    const float x = cloud.point(a)[k];
    const float y = cloud.point(b)[k];
    return x != y ? x < y : a < b;
  };
  std::nth_element(members.begin(), members.begin() + lower, members.end(), before);
  draw(cloud, members.first(static_cast<std::size_t>(lower)), lower_cells, random, chosen);
  draw(cloud, members.subspan(static_cast<std::size_t>(lower)), cells - lower_cells, random, chosen);
}

}  // namespace

PointCloud stratified_subsample(const PointCloud& cloud, std::int64_t count, std::int64_t seed) {
  if (cloud.count() <= count) return cloud;
  std::vector<std::int64_t> members(static_cast<std::size_t>(cloud.count()));
  std::iota(members.begin(), members.end(), std::int64_t{0});
  PointCloud chosen{cloud.dimension, {}};
  chosen.values.reserve(static_cast<std::size_t>(count * cloud.dimension));
  draw(cloud, members, count, Philox(static_cast<std::uint64_t>(seed), kSubsampleStream), chosen);
  return chosen;
}

}  // namespace scorefield::metrics
