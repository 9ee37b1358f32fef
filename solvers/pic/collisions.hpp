#pragma once

#include <cstdint>
#include <span>

#include "core/random.hpp"

namespace scorefield::pic {

/// Diffusion in velocity, the simplest collision operator: d_t f + ... = eta d_vv f, so that the variance of every
/// velocity grows by 2 eta t.
struct Collisions {
  double diffusion = 0;          ///< eta; 0: none
  Philox random = Philox(0, 0);  ///< of the kicks
};

/// Adds one step's kicks, independent of all other steps'. A kick is a centred sum of 32 fair coins, scaled: mean,
/// variance 2 eta dt and third moment are those of the normal distribution, and the sum over a few steps is normal for
/// all purposes (kurtosis -.06 / steps), for a tenth of the price. Kicks come in pairs of opposite sign, +s to one
/// particle and -s to another, drawn anew at every step: each particle diffuses like any other, and the total momentum
/// stays to round-off. Depends on (random, step, particle) alone.
template <class Real>
void kick(const Collisions& collisions, double dt, std::int64_t step, std::span<Real> velocity);

/// No kick is longer.
[[nodiscard]] double largest_kick(const Collisions& collisions, double dt);

extern template void kick(const Collisions&, double, std::int64_t, std::span<float>);
extern template void kick(const Collisions&, double, std::int64_t, std::span<double>);

}  // namespace scorefield::pic
