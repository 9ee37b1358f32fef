#include "solvers/pic/collisions.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/parallel.hpp"

namespace scorefield::pic {
namespace {

constexpr std::int64_t kBlock = 4096;  ///< particles among which pairs are formed
constexpr int kCoins = 32;             ///< per kick: variance 8

/// Length of a kick per coin above the mean.
double unit(const Collisions& collisions, double dt) { return std::sqrt(2 * collisions.diffusion * dt / (kCoins / 4)); }

/// Particles (turn + 1) / 2 + j and (turn - 1) / 2 - j, modulo the block's size: for an odd turn these are disjoint
/// pairs. In a block of odd size one particle, another one at every turn, goes without.
template <class Real>
void kick_block(const Philox& random, std::uint64_t first_word, double unit, Real* velocity, std::int64_t size) {
  const std::int64_t turn =
      2 * static_cast<std::int64_t>(random.integer(first_word, static_cast<std::uint64_t>(size))) + 1;
  std::int64_t up = ((turn + 1) / 2) % size, down = ((turn - 1) / 2) % size;
  const auto scale = static_cast<Real>(unit);
  for (std::int64_t j = 0; j < size / 2; j += 4) {
    const auto words = random.words(first_word + 1 + static_cast<std::uint64_t>(j / 4));
    for (std::int64_t k = 0; k < std::min<std::int64_t>(4, size / 2 - j); ++k) {
      const Real kick = scale * static_cast<Real>(std::popcount(words[static_cast<std::size_t>(k)]) - kCoins / 2);
      velocity[up] += kick;
      velocity[down] -= kick;
      up = up + 1 == size ? 0 : up + 1;
      down = down == 0 ? size - 1 : down - 1;
    }
  }
}

}  // namespace

template <class Real>
void kick(const Collisions& collisions, double dt, std::int64_t step, std::span<Real> velocity) {
  if (collisions.diffusion == 0) return;
  const auto count = static_cast<std::int64_t>(velocity.size());
  const std::int64_t blocks = (count + kBlock - 1) / kBlock;
  constexpr std::uint64_t kWordsPerBlock = 1 + kBlock / 8;
  parallel_for(blocks, [&](std::int64_t block) {
    const std::int64_t first = block * kBlock;
    const auto word = static_cast<std::uint64_t>(step * blocks + block) * kWordsPerBlock;
    kick_block(collisions.random, word, unit(collisions, dt), velocity.data() + first, std::min(kBlock, count - first));
  });
}

double largest_kick(const Collisions& collisions, double dt) { return unit(collisions, dt) * (kCoins / 2); }

template void kick(const Collisions&, double, std::int64_t, std::span<float>);
template void kick(const Collisions&, double, std::int64_t, std::span<double>);

}  // namespace scorefield::pic
