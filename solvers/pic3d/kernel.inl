// Included by one source file per instruction set; everything here has internal linkage.

#include <cstdint>
#include <cstring>

#include "solvers/pic3d/kernel.hpp"

namespace scorefield::pic3d {
namespace {

constexpr int kChunk = 256;  // particles between phases: what passes between them stays in the first-level cache
constexpr int kLanes = 16;   // partial sums, in this fixed order on every instruction set

// GCC and Clang vectors
typedef float Four __attribute__((vector_size(16)));
typedef float Eight __attribute__((vector_size(32)));

/// Cells and fractions of a chunk.
struct Sites {
  alignas(64) std::uint32_t node[kChunk];
  alignas(64) float fraction[3][kChunk];
};

inline void locate(Position* const* position, int log_cells, std::int64_t start, int count, Sites& sites) {
  const std::uint32_t nodes = (1u << log_cells) + 1;
  const Position *x = position[0] + start, *y = position[1] + start, *z = position[2] + start;
  const int shift = 32 - log_cells;
  for (int i = 0; i < count; ++i) sites.node[i] = ((x[i] >> shift) * nodes + (y[i] >> shift)) * nodes + (z[i] >> shift);
  for (int axis = 0; axis < 3; ++axis) {
    const Position* p = position[axis] + start;
    float* fraction = sites.fraction[axis];
    for (int i = 0; i < count; ++i)
      fraction[i] = static_cast<float>(static_cast<std::int32_t>((p[i] << log_cells) >> 8)) * 0x1p-24f;
  }
}

inline Eight load(const float* from) {
  Eight values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

/// Both ends of a cell along z lie side by side, so one vector of eight holds a kick at each.
[[gnu::noinline]] void gather(const Sites& sites, int count, const float* __restrict kicks, std::size_t nodes,
                              float (*__restrict gained)[kChunk]) {
  for (int i = 0; i < count; ++i) {
    const float* cell = kicks + 4 * std::size_t{sites.node[i]};
    const float u = sites.fraction[0][i], v = sites.fraction[1][i], w = sites.fraction[2][i];
    const Eight front = (1 - v) * load(cell) + v * load(cell + 4 * nodes);
    const Eight back = (1 - v) * load(cell + 4 * nodes * nodes) + v * load(cell + 4 * (nodes * nodes + nodes));
    const Eight ends = (1 - u) * front + u * back;
    const Four low = __builtin_shufflevector(ends, ends, 0, 1, 2, 3),
               high = __builtin_shufflevector(ends, ends, 4, 5, 6, 7);
    const Four kick = (1 - w) * low + w * high;
    gained[0][i] = kick[0];
    gained[1][i] = kick[1];
    gained[2][i] = kick[2];
  }
}

inline float half_away_from_zero(float value) { return value + __builtin_copysignf(0.5f, value); }

/// Leapfrog along one axis; `gained` becomes the velocity at the whole step.
inline void push(Position* __restrict x, float* __restrict v, int count, float displacement, float* __restrict gained) {
  for (int i = 0; i < count; ++i) {
    const float before = v[i], after = before + gained[i];
    v[i] = after;
    gained[i] = 0.5f * (before + after);
    x[i] += static_cast<Position>(static_cast<std::int32_t>(half_away_from_zero(after * displacement)));
  }
}

[[gnu::noinline]] void spread(const Sites& sites, int count, std::size_t nodes, float* __restrict charge) {
  for (int i = 0; i < count; ++i) {
    float* cell = charge + sites.node[i];
    const float u = sites.fraction[0][i], v = sites.fraction[1][i], w = sites.fraction[2][i];
    const float front_low = (1 - u) * (1 - v), front_high = (1 - u) * v, back_low = u * (1 - v), back_high = u * v;
    cell[0] += front_low * (1 - w);
    cell[1] += front_low * w;
    cell[nodes] += front_high * (1 - w);
    cell[nodes + 1] += front_high * w;
    cell += nodes * nodes;
    cell[0] += back_low * (1 - w);
    cell[1] += back_low * w;
    cell[nodes] += back_high * (1 - w);
    cell[nodes + 1] += back_high * w;
  }
}

inline void add_moments(const float* whole, double& velocity_sum, double& square_sum) {
  typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
  Lanes sum = {}, square = {};
  for (int i = 0; i < kChunk; i += kLanes) {
    Lanes v;
    std::memcpy(&v, whole + i, sizeof v);
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
  alignas(64) float gained[3][kChunk];
  const std::size_t nodes = (std::size_t{1} << block.log_cells) + 1;
  block.square_sum = 0;
  for (double& sum : block.velocity_sum) sum = 0;
  for (std::int64_t start = 0; start < block.size; start += kChunk) {
    const int count = chunk_size(block, start);
    locate(block.position, block.log_cells, start, count, sites);
    gather(sites, count, block.kicks, nodes, gained);
    for (int axis = 0; axis < 3; ++axis) {
      push(block.position[axis] + start, block.velocity[axis] + start, count, block.displacement, gained[axis]);
      for (int i = count; i < kChunk; ++i) gained[axis][i] = 0;
      add_moments(gained[axis], block.velocity_sum[axis], block.square_sum);
    }
    locate(block.position, block.log_cells, start, count, sites);
    spread(sites, count, nodes, block.charge);
  }
}

void deposit(Block& block) {
  Sites sites;
  const std::size_t nodes = (std::size_t{1} << block.log_cells) + 1;
  for (std::int64_t start = 0; start < block.size; start += kChunk) {
    const int count = chunk_size(block, start);
    locate(block.position, block.log_cells, start, count, sites);
    spread(sites, count, nodes, block.charge);
  }
}

constexpr KernelSet make_kernel_set(const char* name) { return {name, advance, deposit}; }

}  // namespace
}  // namespace scorefield::pic3d
