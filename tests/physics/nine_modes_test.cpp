// The nine-mode Lorenz system against the linear theory of convection, its symmetry and its conservation law.

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <random>

#include "data/problems/chaos_9d.hpp"

namespace scorefield::test {
namespace {

using problems::NineModes;
using State = NineModes::State;
using Matrix = Eigen::Matrix<double, 9, 9>;

/// Central differences, which are exact for a quadratic field.
Matrix jacobian(const NineModes& modes, const State& at) {
  Matrix result;
  for (std::size_t j = 0; j < 9; ++j) {
    State plus = at, minus = at;
    plus[j] += 1;
    minus[j] -= 1;
    const State up = modes(plus), down = modes(minus);
    for (std::size_t i = 0; i < 9; ++i)
      result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = (up[i] - down[i]) / 2;
  }
  return result;
}

/// Growth rates at the conduction state, largest first.
Eigen::VectorXd growth_rates(NineModes modes, double r) {
  modes.r = r;
  Eigen::VectorXd rates = jacobian(modes, {}).eigenvalues().real();
  std::sort(rates.data(), rates.data() + rates.size(), std::greater<>());
  return rates;
}

/// The r at which growth rate number `which` passes zero, by bisection.
double threshold(const NineModes& modes, Eigen::Index which) {
  double low = 0, high = 1000;
  for (int i = 0; i < 60; ++i) {
    const double r = (low + high) / 2;
    (growth_rates(modes, r)[which] > 0 ? high : low) = r;
  }
  return (low + high) / 2;
}

/// Free boundaries, unit height pi: a mode with horizontal wave number q and vertical n grows where the Rayleigh number
/// exceeds (q^2 + n^2)^3 / q^2. The primary square mode has q^2 = 2 a^2 and n = 1 and sets r = 1; the two roll modes
/// have q = 2a and n = 2. Neither depends on the Prandtl number.
TEST(NineModes, TheConductionStateLosesStabilityWhereLinearTheorySays) {
  for (const double a : {0.5, 0.4, 1 / std::sqrt(2.0), 0.8})
    for (const double prandtl : {0.5, 1.0, 10.0}) {
      const NineModes modes{0, a, prandtl};
      const double a2 = a * a;
      const double primary = std::pow(2 * a2 + 1, 3) / (2 * a2), secondary = std::pow(4 * a2 + 4, 3) / (4 * a2);
      EXPECT_NEAR(threshold(modes, 0), 1, 1e-9) << "a = " << a << ", Prandtl number " << prandtl;
      EXPECT_NEAR(threshold(modes, 1), secondary / primary, 1e-6) << "a = " << a << ", Prandtl number " << prandtl;
      EXPECT_NEAR(threshold(modes, 2), secondary / primary, 1e-6) << "a = " << a << ", Prandtl number " << prandtl;
    }
}

/// The primary mode's own quadratic: (lambda + sigma)(lambda + 1) = sigma r.
TEST(NineModes, ThePrimaryModeGrowsAtItsRate) {
  const NineModes modes;
  for (const double r : {2.0, 14.0})
    EXPECT_NEAR(growth_rates(modes, r)[0], -0.75 + std::sqrt(0.75 * 0.75 + 0.5 * (r - 1)), 1e-12);
}

State random_state(std::mt19937_64& generator) {
  std::normal_distribution<double> normal;
  State state;
  for (double& c : state) c = normal(generator);
  return state;
}

/// The square cells look the same after exchanging the horizontal directions.
TEST(NineModes, ExchangingTheHorizontalDirectionsIsASymmetry) {
  const auto exchange = [](const State& c) { return State{-c[2], -c[3], -c[0], -c[1], -c[4], c[5], c[7], c[6], c[8]}; };
  std::mt19937_64 generator(3);
  const NineModes modes;
  for (int repeat = 0; repeat < 10; ++repeat) {
    const State state = random_state(generator);
    const State one = modes(exchange(state)), other = exchange(modes(state));
    for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(one[i], other[i], 1e-12) << "mode " << i + 1;
  }
}

/// Advection only moves temperature: without conduction and driving, C6^2 + (C7^2 + C8^2 + C9^2) / 2 is conserved.
TEST(NineModes, AdvectionConservesTheTemperatureVariance) {
  std::mt19937_64 generator(4);
  const NineModes modes;
  const Matrix linear = jacobian(modes, {});
  for (int repeat = 0; repeat < 10; ++repeat) {
    const State state = random_state(generator), rate = modes(state);
    const Eigen::Map<const Eigen::Matrix<double, 9, 1>> c(state.data());
    const Eigen::Matrix<double, 9, 1> advection =
        Eigen::Map<const Eigen::Matrix<double, 9, 1>>(rate.data()) - linear * c;
    EXPECT_NEAR(2 * c[5] * advection[5] + c.tail<3>().dot(advection.tail<3>()), 0, 1e-12);
  }
}

}  // namespace
}  // namespace scorefield::test
