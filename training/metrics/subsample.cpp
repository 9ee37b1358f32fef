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

/// By a coordinate, equal ones by their numbers.
auto in_order_of(const PointCloud& cloud, std::int64_t coordinate) {
  return [&cloud, coordinate](std::int64_t a, std::int64_t b) {
    const float x = cloud.point(a)[coordinate];
    const float y = cloud.point(b)[coordinate];
    return x != y ? x < y : a < b;
  };
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
  std::nth_element(members.begin(), members.begin() + lower, members.end(), in_order_of(cloud, k));
  draw(cloud, members.first(static_cast<std::size_t>(lower)), lower_cells, random, chosen);
  draw(cloud, members.subspan(static_cast<std::size_t>(lower)), cells - lower_cells, random, chosen);
}

/// Brings the members into the order of the leaves of the tree that halves every part.
void sort_by_tree(const PointCloud& cloud, std::span<std::int64_t> members) {
  if (members.size() < 2) return;
  const auto half = members.size() / 2;
  const auto before = in_order_of(cloud, widest_coordinate(cloud, members));
  std::nth_element(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(half), members.end(), before);
  sort_by_tree(cloud, members.first(half));
  sort_by_tree(cloud, members.subspan(half));
}

void draw_by_weight(const PointCloud& cloud, std::span<std::int64_t> members, std::int64_t count, const Philox& random,
                    PointCloud& chosen) {
  sort_by_tree(cloud, members);
  const auto shares = shares_of(cloud);
  double sum = 0;
  std::int64_t cell = 0;
  for (const std::int64_t i : members) {
    sum += shares[i];
    const auto drawn = [&] {
      return (static_cast<double>(cell) + random.uniforms(cell)[0]) / static_cast<double>(count);
    };
    for (; cell < count && (drawn() < sum || i == members.back()); ++cell) {
      const auto point = cloud.point(i);
      chosen.values.insert(chosen.values.end(), point.begin(), point.end());
    }
  }
}

}  // namespace

PointCloud stratified_subsample(const PointCloud& cloud, std::int64_t count, std::int64_t seed) {
  if (cloud.count() <= count) return cloud;
  std::vector<std::int64_t> members(static_cast<std::size_t>(cloud.count()));
  std::iota(members.begin(), members.end(), std::int64_t{0});
  PointCloud chosen{cloud.dimension, {}};
  chosen.values.reserve(static_cast<std::size_t>(count * cloud.dimension));
  const Philox random(static_cast<std::uint64_t>(seed), kSubsampleStream);
  if (cloud.weights.empty()) draw(cloud, members, count, random, chosen);
  else draw_by_weight(cloud, members, count, random, chosen);
  return chosen;
}

}  // namespace scorefield::metrics
