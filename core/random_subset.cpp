#include "core/random_subset.hpp"

#include <algorithm>
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

}  // namespace scorefield
