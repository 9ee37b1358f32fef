#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace scorefield::sde {

/// Particles that are advanced together. Inside such a block the state is coordinate by coordinate: coordinate i of
/// particle n is x[i * kLanes + n], so that loops over n vectorise.
inline constexpr int kLanes = 64;

/// b(x, t) for one block.  x: [d, kLanes] -> b: [d, kLanes]. Called from several threads at once.
using Drift = std::function<void(double t, const double* x, double* b)>;

/// g(x) for one block.  x: [d, kLanes] -> g: [d, kLanes]; g_i may depend on x_i alone (diagonal, commutative noise).
using Diffusion = std::function<void(const double* x, double* g)>;

/// dX_i = b_i(X, t) dt + sigma_i g_i(X_i) dW_i in the sense of Ito; the W_i are independent Brownian motions.
/// Particles are independent of each other; the coordinates of one particle may interact in any way.
struct System {
  std::int64_t dimension = 0;
  Drift drift;
  std::vector<double> sigma;  ///< [d]; 0: a coordinate without noise
  Diffusion diffusion;        ///< empty: g = 1, additive noise
};

/// The drift with the formula of one particle: `formula(t, x)` takes and returns std::array<double, d>.
template <std::size_t d, class Formula>
Drift pointwise(Formula formula) {
  return [formula](double t, const double* x, double* b) {
    // Without inner loops over coordinates, so that the arrays become registers and the loop over lanes vectorises.
    [&]<std::size_t... i>(std::index_sequence<i...>) {
#pragma GCC ivdep
      for (std::size_t n = 0; n < kLanes; ++n) {
        const std::array<double, d> rate = formula(t, std::array<double, d>{x[i * kLanes + n]...});
        ((b[i * kLanes + n] = rate[i]), ...);
      }
    }(std::make_index_sequence<d>{});
  };
}

/// How the coordinates of a particle are distributed at t = 0: independently of each other, with these means and
/// standard deviations.
struct Population {
  enum class Law { normal, uniform };
  std::vector<double> mean;       ///< [d]
  std::vector<double> deviation;  ///< [d], >= 0
  Law law = Law::normal;
};

}  // namespace scorefield::sde
