#include "core/random_subset.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/random.hpp"

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
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double step = total / static_cast<double>(count);
  const double start = Philox(seed, std::uint64_t{0x65} << 56).uniforms(0)[0];
  std::vector<std::int64_t> rows;
  std::int64_t last = 0;
  double sum = 0;
  for (std::size_t n = 0; n < weights.size(); ++n) {
    if (!(weights[n] > 0)) continue;
    last = static_cast<std::int64_t>(n);
    sum += weights[n];
    while (std::ssize(rows) < count && (start + static_cast<double>(rows.size())) * step < sum) rows.push_back(last);
  }
  rows.resize(static_cast<std::size_t>(count), last);  // rounding of the last step
  std::vector<std::int64_t> drawn;
  for (const std::int64_t place : random_subset(count, count, seed))
    drawn.push_back(rows[static_cast<std::size_t>(place)]);
  return drawn;
}

}  // namespace scorefield
