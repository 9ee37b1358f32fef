#include "core/random_subset.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/random.hpp"
#include "core/rows.hpp"

namespace scorefield {

std::vector<std::int64_t> random_subset(std::int64_t n, std::int64_t count, std::uint64_t seed) {
  const Philox random(seed, std::uint64_t{0x64} << 56);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const std::int64_t drawn = std::min(count, n);
  for (std::int64_t i = 0; i < drawn; ++i)  // the first steps of a shuffle
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(i) +
                    random.integer(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(n - i))]);
  order.resize(static_cast<std::size_t>(drawn));
  return order;
}

std::vector<std::int64_t> draw_by_weight(std::span<const float> weights, std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for_systematic_rows(weights, count, Philox(seed, std::uint64_t{0x65} << 56).uniforms(0)[0],
                      [&](std::size_t n) { rows.push_back(static_cast<std::int64_t>(n)); });
  return picked_rows(rows, random_subset(count, count, seed));
}

}  // namespace scorefield
