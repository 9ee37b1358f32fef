#include "data/problems/trap.hpp"

#include <cmath>
#include <numbers>

namespace scorefield::problems {
namespace {

using sde::kLanes;

sde::SdeOptions trap_defaults() {
  sde::SdeOptions options;
  options.duration = 2;
  options.dt = 7.5e-3;
  return options;
}

/// Place of the trap.
double centre(double t, double mu) {
  constexpr double kPi = std::numbers::pi;
  return 1.25 * std::sin(kPi * t + 1.5 + mu * std::cos(2 * kPi * t));
}

}  // namespace

Trap::Trap() : SdeProblem(trap_defaults()) {}

std::string Trap::summary() const { return "attracting bodies that follow a moving trap, one coordinate each (100-D)"; }

std::string Trap::parameter() const { return "mu: modulation of the trap's path, 5/4 sin(pi t + 3/2 + mu cos 2 pi t)"; }

void Trap::bind(OptionSet& set) {
  SdeProblem::bind(set);
  set.add("trap.dimension", dimension_, in(2, kMaxDimension), "number of bodies d, which is the dimension of a sample");
  set.add("trap.attraction", attraction_, any_number(), "strength of the attraction to the mean of the bodies");
  set.add("trap.diffusion", diffusion_, at_least(0), "half the variance of a body's noise per unit of time");
}

SdeModel Trap::model(double mu) const {
  // sum_j (x_i - x_j) / d is the distance of body i from the mean: O(d) instead of O(d^2).
  const auto drift = [mu, d = dimension_, attraction = attraction_](double t, const double* x, double* b) {
    const double a = centre(t, mu);
    double mean[kLanes] = {};
    for (std::int64_t i = 0; i < d; ++i)
      for (int n = 0; n < kLanes; ++n) mean[n] += x[i * kLanes + n];
    for (double& m : mean) m /= static_cast<double>(d);
    for (std::int64_t i = 0; i < d; ++i)
#pragma GCC ivdep
      for (int n = 0; n < kLanes; ++n) {
        const double here = x[i * kLanes + n], distance = a - here;
        b[i * kLanes + n] = distance * distance * distance - attraction * (here - mean[n]);
      }
  };
  SdeModel model;
  const auto d = static_cast<std::size_t>(dimension_);
  model.system = {dimension_, drift, std::vector<double>(d, std::sqrt(2 * diffusion_)), {}};
  model.initial.deviation.assign(d, 0.1);
  for (std::size_t i = 0; i < d; ++i)
    model.initial.mean.push_back(-0.1 * (0.9 + 2.1 * static_cast<double>(i) / static_cast<double>(d - 1)));
  return model;
}

std::vector<Coordinate> Trap::coordinates() const {
  std::vector<Coordinate> all;
  for (std::int64_t i = 0; i < dimension_; ++i)
    all.push_back({i, std::string("x").append(std::to_string(i + 1)), "1", 0});
  return all;
}

}  // namespace scorefield::problems
