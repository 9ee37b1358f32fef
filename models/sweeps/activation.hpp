// silu(y) = y sigma(y) with its derivatives, on vectors. Per-instruction-set source (core/simd/vector.hpp).
#pragma once

#include "core/simd/math.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

using namespace simd::SCOREFIELD_ISA;

/// value = silu(y) and its first three derivatives.
template <class T>
struct Silu {
  Vec<T> value, first, second, third;
};

/// What is not used is not computed.
template <class T>
SCOREFIELD_INLINE Silu<T> silu(Vec<T> y) {
  const Vec<T> sigma = reciprocal(T(1) + exponential(-y));
  const Vec<T> rest = T(1) - sigma;
  const Vec<T> value = y * sigma;
  // m = sigma', and m' = m (1 - 2 sigma), m'' = m' (1 - 2 sigma) - 2 m^2.
  const Vec<T> m = sigma * rest, slope = rest - sigma, dm = m * slope;
  return {value, sigma + value * rest, m * (T(2) + y * slope), T(3) * dm + y * (dm * slope - T(2) * m * m)};
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
