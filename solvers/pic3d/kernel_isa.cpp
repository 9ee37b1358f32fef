// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "solvers/pic3d/kernel.hpp"

#include <cstddef>

#include "core/simd/math.hpp"

namespace scorefield::pic3d::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
using Four = Lanes<float, 4>;
using Eight = Lanes<float, 8>;

constexpr int kChunk = 256;  // particles between phases: what passes between them stays in the first-level cache
constexpr int kLanes = 16;   // partial sums, in this fixed order on every instruction set

/// Cells and fractions of a chunk. `pitch` numbers along an axis: n + 1 for the kicks, n for the charges.
struct Sites {
  alignas(64) std::uint32_t cell[kChunk];
  alignas(64) float fraction[3][kChunk];
};

inline void locate(Position* const* position, int log_cells, std::uint32_t pitch, std::int64_t start, int count,
                   Sites& sites) {
  const Position *x = position[0] + start, *y = position[1] + start, *z = position[2] + start;
  const int shift = 32 - log_cells;
  for (int i = 0; i < count; ++i) sites.cell[i] = ((x[i] >> shift) * pitch + (y[i] >> shift)) * pitch + (z[i] >> shift);
  for (int axis = 0; axis < 3; ++axis) {
    const Position* p = position[axis] + start;
    float* fraction = sites.fraction[axis];
    for (int i = 0; i < count; ++i)
      fraction[i] = static_cast<float>(static_cast<std::int32_t>((p[i] << log_cells) >> 8)) * 0x1p-24f;
  }
}

/// Both ends of a cell along z lie side by side, so one vector of eight holds a kick at each.
[[gnu::noinline]] void gather(const Sites& sites, int count, const float* __restrict kicks, std::size_t nodes,
                              float* __restrict gained) {
  const float* next = kicks + 4 * nodes * nodes;
  for (int i = 0; i < count; ++i) {
    const std::size_t cell = 4 * std::size_t{sites.cell[i]};
    const float u = sites.fraction[0][i], v = sites.fraction[1][i], w = sites.fraction[2][i];
    Eight front = load_unaligned<Eight>(kicks + cell), back = load_unaligned<Eight>(next + cell);
    front += v * (load_unaligned<Eight>(kicks + cell + 4 * nodes) - front);
    back += v * (load_unaligned<Eight>(next + cell + 4 * nodes) - back);
    front += u * (back - front);
    const Four low = __builtin_shufflevector(front, front, 0, 1, 2, 3),
               high = __builtin_shufflevector(front, front, 4, 5, 6, 7);
    store_unaligned(gained + 4 * i, low + w * (high - low));
  }
}

/// Leapfrog along one axis; `whole` becomes the velocity at the whole step. `gained` [kChunk, 4] from its component.
inline void push(Position* __restrict x, float* __restrict v, int count, float displacement,
                 const float* __restrict gained, float* __restrict whole) {
  for (int i = 0; i < count; ++i) {
    const float before = v[i], after = before + gained[4 * i];
    v[i] = after;
    whole[i] = 0.5f * (before + after);
    x[i] += static_cast<Position>(static_cast<std::int32_t>(beyond_half(after * displacement)));
  }
}

/// Adds a particle's weights to the eight corners of its cell, one vector: (1 - u) or -u times the same along y and z,
/// so a corner's sum has the sign of its number of upper ends, which fold() takes away.
[[gnu::noinline]] void spread(const Sites& sites, int count, float* __restrict corners) {
  const Eight x = {1, 1, 1, 1, 0, 0, 0, 0}, y = {1, 1, 0, 0, 1, 1, 0, 0}, z = {1, 0, 1, 0, 1, 0, 1, 0};
  for (int i = 0; i < count; ++i) {
    float* cell = corners + 8 * std::size_t{sites.cell[i]};
    const float u = sites.fraction[0][i], v = sites.fraction[1][i], w = sites.fraction[2][i];
    store_unaligned(cell, load_unaligned<Eight>(cell) + (x - u) * (y - v) * (z - w));
  }
}

/// Which planes of cells across x have been cleared. Sorted particles of one block lie in few.
struct Planes {
  bool used[kMaxCells] = {};

  void use(const Block& block, std::uint32_t plane) {
    if (used[plane]) return;
    used[plane] = true;
    const std::size_t size = std::size_t{8} << (2 * block.log_cells);
    __builtin_memset(block.corners + plane * size, 0, size * sizeof(float));
  }

  /// Those of `count` particles.
  void use(const Block& block, const Position* x, int count) {
    Position low = x[0], high = x[0];
    for (int i = 0; i < count; ++i) {
      low = x[i] < low ? x[i] : low;
      high = x[i] > high ? x[i] : high;
    }
    const int shift = 32 - block.log_cells;
    for (std::uint32_t plane = low >> shift; plane <= high >> shift; ++plane) use(block, plane);
  }
};

/// A node's charge is the sum of one corner each of the eight cells that touch it.
void fold(const Block& block, Planes& planes) {
  const std::size_t n = std::size_t{1} << block.log_cells, last = n - 1;
  bool touched[kMaxCells];
  for (std::size_t i = 0; i < n; ++i) touched[i] = planes.used[i] || planes.used[(i - 1) & last];
  for (std::size_t i = 0; i < n; ++i) {
    if (!touched[i]) {
      __builtin_memset(block.charge + i * n * n, 0, n * n * sizeof(float));
      continue;
    }
    planes.use(block, static_cast<std::uint32_t>(i));
    planes.use(block, static_cast<std::uint32_t>((i - 1) & last));
    for (std::size_t j = 0; j < n; ++j) {
      const auto row = [&](std::size_t a, std::size_t b) {
        return block.corners + 8 * n * (((i - a) & last) * n + ((j - b) & last));
      };
      const float *r00 = row(0, 0), *r01 = row(0, 1) + 2, *r10 = row(1, 0) + 4, *r11 = row(1, 1) + 6;
      float* out = block.charge + (i * n + j) * n;
      std::size_t before = 8 * last + 1;
      for (std::size_t k = 0; k < n; ++k) {
        const std::size_t here = 8 * k;
        out[k] = (r00[here] - r00[before]) - (r01[here] - r01[before]) - (r10[here] - r10[before]) +
                 (r11[here] - r11[before]);
        before = here + 1;
      }
    }
  }
}

inline void add_moments(const float* whole, double& velocity_sum, double& square_sum) {
  using Sums = Lanes<float, kLanes>;
  Sums sum = {}, square = {};
  for (int i = 0; i < kChunk; i += kLanes) {
    const auto v = load_unaligned<Sums>(whole + i);
    sum += v;
    square += v * v;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    velocity_sum += static_cast<double>(sum[lane]);
    square_sum += static_cast<double>(square[lane]);
  }
}

inline int chunk_size(const Block& block, std::int64_t start) {
  return block.size - start < kChunk ? static_cast<int>(block.size - start) : kChunk;
}

void advance(Block& block) {
  Sites sites;
  alignas(64) float gained[4 * kChunk];
  alignas(64) float whole[kChunk];
  const std::uint32_t cells = 1u << block.log_cells;
  block.square_sum = 0;
  for (double& sum : block.velocity_sum) sum = 0;
  Planes planes;
  for (std::int64_t start = 0; start < block.size; start += kChunk) {
    const int count = chunk_size(block, start);
    locate(block.position, block.log_cells, cells + 1, start, count, sites);
    gather(sites, count, block.kicks, cells + 1, gained);
    for (int axis = 0; axis < 3; ++axis) {
      push(block.position[axis] + start, block.velocity[axis] + start, count, block.displacement, gained + axis, whole);
      for (int i = count; i < kChunk; ++i) whole[i] = 0;
      add_moments(whole, block.velocity_sum[axis], block.square_sum);
    }
    locate(block.position, block.log_cells, cells, start, count, sites);
    planes.use(block, block.position[0] + start, count);
    spread(sites, count, block.corners);
  }
  fold(block, planes);
}

void deposit(Block& block) {
  Sites sites;
  Planes planes;
  for (std::int64_t start = 0; start < block.size; start += kChunk) {
    const int count = chunk_size(block, start);
    locate(block.position, block.log_cells, 1u << block.log_cells, start, count, sites);
    planes.use(block, block.position[0] + start, count);
    spread(sites, count, block.corners);
  }
  fold(block, planes);
}

}  // namespace

constinit const Kernels kKernels = {advance, deposit};

}  // namespace scorefield::pic3d::SCOREFIELD_ISA
