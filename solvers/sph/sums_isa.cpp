// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "core/simd/math.hpp"
#include "solvers/sph/sums_table.hpp"

namespace scorefield::sph::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
typedef Vec<float> V;
constexpr long kLanes = Simd<float>::lanes;

SCOREFIELD_INLINE V positive(V x) { return x > 0.0f ? x : V{}; }

// w(q) and F(q) = -w'(q)/q from q^2; zero outside the support (smoothing.hpp).
struct Cubic {
  static SCOREFIELD_INLINE V w(V square) {
    const V q = square_root(square), rest = positive(2.0f - q), inner = positive(1.0f - q);
    return 0.25f * rest * rest * rest - inner * inner * inner;
  }
  static SCOREFIELD_INLINE V F(V square) {
    const V q = square_root(square), rest = positive(2.0f - q), inner = positive(1.0f - q);
    const V outer = (0.75f * rest * rest - 3.0f * inner * inner) * reciprocal(square < 1e-12f ? broadcast(1e-6f) : q);
    return q < 1e-3f ? broadcast(3.0f) : outer;
  }
};
struct Wendland {
  static SCOREFIELD_INLINE V w(V square) {
    const V q = square_root(square), rest = positive(1.0f - 0.5f * q), two = rest * rest;
    return two * two * (1.0f + 2.0f * q);
  }
  static SCOREFIELD_INLINE V F(V square) {
    const V rest = positive(1.0f - 0.5f * square_root(square));
    return 5.0f * rest * rest * rest;
  }
};
struct Gaussian {
  static SCOREFIELD_INLINE V w(V square) { return square < 9.0f ? exponential(-square) : V{}; }
  static SCOREFIELD_INLINE V F(V square) { return 2.0f * w(square); }
};

template <class Shape, int D>
void density_of(const SumTask& task) {
  const long d = D > 0 ? D : task.d;
  for (long i = 0; i < task.count; ++i) {
    V sum{};
    for (long j = 0; j < task.candidates; j += kLanes) {
      V square{};
      for (long c = 0; c < d; ++c) {
        const V difference = task.own_x[c][i] - load(task.x[c] + j);
        square += difference * difference;
      }
      sum += Shape::w(square);
    }
    task.sum[i] = lane_sum<float>(sum);
  }
}

template <class Shape, int D, bool viscous>
void force_of(const SumTask& task) {
  const long d = D > 0 ? D : task.d;
  constexpr int kRoom = D > 0 ? D : kMaxDimension;
  const float along_factor = static_cast<float>(d + 2) / 3;
  for (long i = 0; i < task.count; ++i) {
    V force[kRoom];
    for (long c = 0; c < d; ++c) force[c] = V{};
    const float pressure = task.own_pressure[i];
    for (long j = 0; j < task.candidates; j += kLanes) {
      V difference[kRoom], square{};
      for (long c = 0; c < d; ++c) {
        difference[c] = task.own_x[c][i] - load(task.x[c] + j);
        square += difference[c] * difference[c];
      }
      const V F = Shape::F(square), push = (load(task.pressure + j) + pressure) * F;
      if constexpr (viscous) {
        V velocity[kRoom], along{};
        for (long c = 0; c < d; ++c) {
          velocity[c] = task.own_v[c][i] - load(task.v[c] + j);
          along += velocity[c] * difference[c];
        }
        const V volume = 2.0f * reciprocal(load(task.density + j) + task.own_density[i]);
        const V drag = task.viscosity * volume * F;
        const V radial = push - drag * along_factor * along * reciprocal(square + 1e-12f), shear = drag * (5.0f / 3.0f);
        for (long c = 0; c < d; ++c) force[c] += radial * difference[c] - shear * velocity[c];
      } else {
        for (long c = 0; c < d; ++c) force[c] += push * difference[c];
      }
    }
    for (long c = 0; c < d; ++c) task.force[c][i] = lane_sum<float>(force[c]);
  }
}

template <class Shape>
void density_in(const SumTask& task) {
  if (task.d == 2) density_of<Shape, 2>(task);
  else if (task.d == 3) density_of<Shape, 3>(task);
  else density_of<Shape, 0>(task);
}
template <class Shape>
void force_in(const SumTask& task) {
  if (task.v)
    return task.d == 2   ? force_of<Shape, 2, true>(task)
           : task.d == 3 ? force_of<Shape, 3, true>(task)
                         : force_of<Shape, 0, true>(task);
  return task.d == 2   ? force_of<Shape, 2, false>(task)
         : task.d == 3 ? force_of<Shape, 3, false>(task)
                       : force_of<Shape, 0, false>(task);
}

void density(const SumTask& task) {
  if (task.shape == 0) density_in<Cubic>(task);
  else if (task.shape == 1) density_in<Wendland>(task);
  else density_in<Gaussian>(task);
}
void force(const SumTask& task) {
  if (task.shape == 0) force_in<Cubic>(task);
  else if (task.shape == 1) force_in<Wendland>(task);
  else force_in<Gaussian>(task);
}

}  // namespace

constinit const SumKernels kSumKernels = {density, force};

}  // namespace scorefield::sph::SCOREFIELD_ISA
