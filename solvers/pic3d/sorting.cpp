#include "solvers/pic3d/sorting.hpp"

#include <algorithm>
#include <utility>

#include "core/parallel.hpp"

namespace scorefield::pic3d {
namespace {

constexpr std::int64_t kBlocks = 8;  ///< each has its own count per cell

}  // namespace

void sort_by_cell(Particles& particles, Particles& spare, int log_cells) {
  const std::int64_t count = particles.size();
  const auto cells = std::size_t{1} << (3 * log_cells);
  const int shift = 32 - log_cells;
  spare.resize(count);
  const auto cell = [&](std::size_t i) {
    const auto& [x, y, z] = particles.position;
    return (((std::size_t{x[i] >> shift} << log_cells) + (y[i] >> shift)) << log_cells) + (z[i] >> shift);
  };
  const auto range = [&](std::int64_t block) {
    return std::pair(static_cast<std::size_t>(count * block / kBlocks),
                     static_cast<std::size_t>(count * (block + 1) / kBlocks));
  };

  std::vector<std::vector<std::uint32_t>> next(kBlocks);  // [blocks][cells]: counts, then where the next one goes
  parallel_for(kBlocks, [&](std::int64_t block) {
    auto& mine = next[static_cast<std::size_t>(block)];
    mine.assign(cells, 0);
    const auto [first, last] = range(block);
    for (std::size_t i = first; i < last; ++i) ++mine[cell(i)];
  });
  std::uint32_t before = 0;
  for (std::size_t c = 0; c < cells; ++c)
    for (auto& mine : next) before += std::exchange(mine[c], before);
  // First where every particle comes from, then one array after the other: reading from all over one array stays in a
  // cache, writing all over seven does not.
  parallel_for(kBlocks, [&](std::int64_t block) {
    auto& mine = next[static_cast<std::size_t>(block)];
    const auto [first, last] = range(block);
    for (std::size_t i = first; i < last; ++i) spare.id[mine[cell(i)]++] = static_cast<std::uint32_t>(i);
  });
  parallel_for(kBlocks, [&](std::int64_t block) {
    const auto [begin, end] = range(block);
    const std::uint32_t* source = spare.id.data();
    const auto reorder = [&, first = begin, last = end](const auto& from, auto& to) {
      for (std::size_t i = first; i < last; ++i) to[i] = from[source[i]];
    };
    for (std::size_t axis = 0; axis < 3; ++axis) {
      reorder(particles.position[axis], spare.position[axis]);
      reorder(particles.velocity[axis], spare.velocity[axis]);
    }
    reorder(particles.id, spare.id);
  });
  std::swap(particles, spare);
}

}  // namespace scorefield::pic3d
