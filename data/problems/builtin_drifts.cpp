#include "data/problems/builtin_drifts.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace scorefield::problems {
namespace {

using sde::Drift;
using sde::kLanes;
using Values = std::vector<double>;

/// The same formula in every coordinate, each for itself.
template <class Formula>
Drift coordinatewise(std::int64_t d, Formula formula) {
  return [d, formula](double, const double* x, double* b) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < d * kLanes; ++i) b[i] = formula(x[i]);
  };
}

/// Rotation and decay, the planes (x1, x2), (x3, x4), ...: a spiral with one rate and one frequency.
Drift linear(std::int64_t d, const Values& values) {
  const double rate = values[0], frequency = values[1];
  return [d, rate, frequency](double, const double* x, double* b) {
    for (std::int64_t i = 0; i < d; ++i) {
      const std::int64_t partner = i ^ 1;
      const double turn = partner >= d ? 0 : i % 2 == 0 ? -frequency : frequency;
      const double* other = x + (partner < d ? partner : i) * kLanes;
#pragma GCC ivdep
      for (int n = 0; n < kLanes; ++n) b[i * kLanes + n] = -rate * x[i * kLanes + n] + turn * other[n];
    }
  };
}

Drift ornstein_uhlenbeck(std::int64_t d, const Values& values) {
  return coordinatewise(d, [rate = values[0], mean = values[1]](double x) { return -rate * (x - mean); });
}

Drift double_well(std::int64_t d, const Values& values) {
  return coordinatewise(d, [slope = values[0], wall = values[1]](double x) { return slope * x - wall * x * x * x; });
}

Drift van_der_pol(std::int64_t, const Values& values) {
  return sde::pointwise<2>([damping = values[0]](double, const std::array<double, 2>& state) {
    const auto [x, v] = state;
    return std::array{v, damping * (1 - x * x) * v - x};
  });
}

Drift lorenz(std::int64_t, const Values& values) {
  return sde::pointwise<3>(
      [sigma = values[0], rho = values[1], beta = values[2]](double, const std::array<double, 3>& at) {
        const auto [x, y, z] = at;
        return std::array{sigma * (y - x), x * (rho - z) - y, x * y - beta * z};
      });
}

Drift lorenz_96(std::int64_t d, const Values& values) {
  return [d, forcing = values[0]](double, const double* x, double* b) {
    const auto at = [&](std::int64_t i) { return x + (i + d) % d * kLanes; };
    for (std::int64_t i = 0; i < d; ++i) {
      const double *ahead = at(i + 1), *here = at(i), *behind = at(i - 1), *further = at(i - 2);
#pragma GCC ivdep
      for (int n = 0; n < kLanes; ++n) b[i * kLanes + n] = (ahead[n] - further[n]) * behind[n] - here[n] + forcing;
    }
  };
}

/// K/d sum_j sin(x_j - x_i) = K (S cos x_i - C sin x_i) with the means S and C of sines and cosines.
Drift kuramoto(std::int64_t d, const Values& values) {
  return [d, coupling = values[0], spread = values[1]](double, const double* x, double* b) {
    std::vector<double> sine(static_cast<std::size_t>(d * kLanes)), cosine(sine.size());
    double mean_sine[kLanes] = {}, mean_cosine[kLanes] = {};
    for (std::int64_t i = 0; i < d * kLanes; ++i) {
      const auto at = static_cast<std::size_t>(i);
      sine[at] = std::sin(x[i]);
      cosine[at] = std::cos(x[i]);
      mean_sine[i % kLanes] += sine[at] / static_cast<double>(d);
      mean_cosine[i % kLanes] += cosine[at] / static_cast<double>(d);
    }
    for (std::int64_t i = 0; i < d; ++i) {
      const double place = d > 1 ? 2 * static_cast<double>(i) / static_cast<double>(d - 1) - 1 : 0;
      for (int n = 0; n < kLanes; ++n) {
        const auto at = static_cast<std::size_t>(i * kLanes + n);
        b[at] = spread * place + coupling * (mean_sine[n] * cosine[at] - mean_cosine[n] * sine[at]);
      }
    }
  };
}

}  // namespace

const std::vector<BuiltinDrift>& builtin_drifts() {
  static const std::vector<BuiltinDrift> drifts{
      {"linear",
       "b = -rate x + frequency J x, J a quarter turn in the planes (x1, x2), (x3, x4), ...",
       {{"rate", 1, "rate of decay"}, {"frequency", 1, "angular frequency"}},
       {},
       2,
       0,
       linear},
      {"ornstein-uhlenbeck",
       "b_i = -rate (x_i - mean)",
       {{"rate", 1, "rate of relaxation"}, {"mean", 0, "where to"}},
       {},
       1,
       0,
       ornstein_uhlenbeck},
      {"double-well",
       "b_i = slope x_i - wall x_i^3",
       {{"slope", 1, "strength of the repulsion from 0"}, {"wall", 1, "stiffness of the walls"}},
       {},
       1,
       0,
       double_well},
      {"van-der-pol",
       "x' = v, v' = damping (1 - x^2) v - x",
       {{"damping", 1, "strength of the nonlinear damping"}},
       {"x", "v"},
       0,
       0,
       van_der_pol},
      {"lorenz",
       "x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z",
       {{"sigma", 10, "Prandtl number"},
        {"rho", 28, "reduced Rayleigh number"},
        {"beta", 8.0 / 3, "aspect of the rolls"}},
       {"x", "y", "z"},
       0,
       0,
       lorenz},
      {"lorenz-96",
       "b_i = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + forcing, indices modulo d >= 4",
       {{"forcing", 8, "forcing"}},
       {},
       8,
       0,
       lorenz_96},
      {"kuramoto",
       "b_i = omega_i + coupling / d sum_j sin(x_j - x_i), omega_i evenly spaced in [-spread, spread]",
       {{"coupling", 1, "strength of the coupling"}, {"spread", 0.5, "half width of the natural frequencies"}},
       {},
       10,
       2 * std::numbers::pi,
       kuramoto},
  };
  return drifts;
}

const BuiltinDrift& builtin_drift(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& drift : builtin_drifts()) {
    if (drift.name == name) return drift;
    names.push_back(drift.name);
  }
  throw UsageError("option 'system.drift': " + unknown_name_message("drift", name, names));
}

}  // namespace scorefield::problems
