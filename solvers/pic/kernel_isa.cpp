// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "solvers/pic/kernel.hpp"

#include "core/simd/math.hpp"

namespace scorefield::pic::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;

constexpr int kChunk = 256;  // particles between phases: sites, kicks and velocities stay in the first-level cache
constexpr int kLanes = 16;   // partial sums, in this fixed order on every instruction set

template <class Real>
struct Cic {
  using Kick = LinearKick<Real>;
  static constexpr std::uint32_t kHalfCell = 0;
  static constexpr bool kSquares = false;

  static Real gain(const Kick& kick, std::int32_t w) { return kick.base + static_cast<Real>(w) * kick.slope; }
};

template <class Real>
struct Tsc {
  using Kick = QuadraticKick<Real>;
  static constexpr std::uint32_t kHalfCell = 32768;
  static constexpr bool kSquares = true;

  static Real gain(const Kick& kick, std::int32_t w) {
    const Real offset = static_cast<Real>(w - 32768);
    return kick.base + offset * (kick.slope + offset * kick.curvature);
  }
};

/// (x cells) >> 16, rounded to whole cells for TSC. In two halves, because a product of 32 bits vectorises everywhere
/// and a wide one does not; neither half overflows, as cells <= 16384.
template <class Shape>
inline std::uint32_t site(Position x, std::uint32_t cells) {
  return (x >> 16) * cells + (((x & 0xffffu) * cells) >> 16) + Shape::kHalfCell;
}

template <class Shape>
inline void locate(const Position* x, int count, std::uint32_t cells, std::uint32_t* sites) {
  for (int i = 0; i < count; ++i) sites[i] = site<Shape>(x[i], cells);
}

/// Table look-up, kept scalar: the vectoriser would take the elements of every index vector apart again.
template <class Kick>
SCOREFIELD_SCALAR void gather(const std::uint32_t* __restrict sites, int count, const Kick* __restrict table,
                              Kick* __restrict kicks) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) __builtin_memcpy(&kicks[i], &table[sites[i] >> kFractionBits], sizeof(Kick));
}

/// Particles that pass through the phases together, and what moves them (Block).
template <class Real>
struct Chunk {
  int count;
  std::uint32_t cells;
  Real displacement;
};

/// Leapfrog: v^{n+1/2} = v^{n-1/2} - E(x^n) dt, x^{n+1} = x^n + v^{n+1/2} dt; `whole` receives v^n.
template <class Shape, class Real>
inline void push(Position* __restrict x, Real* __restrict v, const typename Shape::Kick* __restrict kicks,
                 Chunk<Real> chunk, std::uint32_t* __restrict sites, Real* __restrict whole) {
  const auto [count, cells, displacement] = chunk;
  for (int i = 0; i < count; ++i) {
    const Real before = v[i];
    const Real after = before + Shape::gain(kicks[i], static_cast<std::int32_t>(sites[i] & 0xffffu));
    v[i] = after;
    whole[i] = Real(0.5) * (before + after);
    x[i] += static_cast<Position>(static_cast<std::int32_t>(beyond_half(after * displacement)));
    sites[i] = site<Shape>(x[i], cells);
  }
}

template <class Shape>
inline void deposit(const std::uint32_t* __restrict sites, int count, std::uint64_t* __restrict counts,
                    [[maybe_unused]] std::uint64_t* __restrict squares) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    const std::uint32_t cell = sites[i] >> kFractionBits;
    const std::uint64_t w = sites[i] & 0xffffu;
    counts[cell] += (std::uint64_t{1} << 32) + w;
    if constexpr (Shape::kSquares) squares[cell] += w * w;
  }
}

/// Sums over a chunk in kLanes partial sums of Real, then in double. A vector type rather than an array: the compiler
/// would find its own order of the lanes, at the price of more shuffles than additions.
template <class Real>
inline void add_moments(const Real* whole, Block<Real>& block) {
  using Sums = Lanes<Real, kLanes>;
  Sums sum = {}, square = {};
  for (int i = 0; i < kChunk; i += kLanes) {
    const auto v = load_unaligned<Sums>(whole + i);
    sum += v;
    square += v * v;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    block.velocity_sum += static_cast<double>(sum[lane]);
    block.square_sum += static_cast<double>(square[lane]);
  }
}

template <class Shape, class Real>
void advance(Block<Real>& block) {
  using Kick = typename Shape::Kick;
  alignas(64) std::uint32_t sites[kChunk];
  alignas(64) Kick kicks[kChunk];
  alignas(64) Real whole[kChunk];
  block.velocity_sum = 0;
  block.square_sum = 0;
  for (std::int64_t start = 0; start < block.size; start += kChunk) {
    const int count = block.size - start < kChunk ? static_cast<int>(block.size - start) : kChunk;
    locate<Shape>(block.position + start, count, block.cells, sites);
    gather(sites, count, static_cast<const Kick*>(block.kicks), kicks);
    push<Shape>(block.position + start, block.velocity + start, kicks,
                Chunk<Real>{count, block.cells, block.displacement}, sites, whole);
    deposit<Shape>(sites, count, block.counts, block.squares);
    for (int i = count; i < kChunk; ++i) whole[i] = 0;
    add_moments(whole, block);
  }
}

}  // namespace

constinit const Kernels kKernels = {advance<Cic<float>, float>, advance<Tsc<float>, float>,
                                    advance<Cic<double>, double>, advance<Tsc<double>, double>};

}  // namespace scorefield::pic::SCOREFIELD_ISA
