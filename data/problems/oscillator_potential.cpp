#include "data/problems/oscillator_potential.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace scorefield::problems {

OscillatorPotential::OscillatorPotential(const Oscillator& problem, double mu, double sigma)
    : problem_(problem), mu_(mu), sigma_(sigma) {
  if (mu == 0) throw Error("the closed form of the oscillator needs mu other than 0.");
}

OscillatorPotential::Coefficients OscillatorPotential::at(double t) const {
  const auto moments = problem_.exact(mu_, t);
  Coefficients c{};
  c.mean = moments.position;
  c.slope = moments.velocity;
  c.curvature = -mu_ * mu_ * moments.position;
  c.variance = moments.position_variance;
  c.growth = 2 * moments.covariance;
  c.growth_growth = 2 * (moments.velocity_variance - mu_ * mu_ * moments.position_variance);
  c.stretch = (c.growth - sigma_ * sigma_) / (2 * c.variance);
  c.stretch_growth = c.growth_growth / (2 * c.variance) - c.stretch * c.growth / c.variance;
  return c;
}

double OscillatorPotential::value(const Point& x, double t) const {
  const auto c = at(t);
  double sum = 0;
  for (const double coordinate : x) {
    const double y = coordinate - c.mean;
    sum += c.slope * y + c.stretch * y * y / 2;
  }
  return sum;
}

OscillatorPotential::Point OscillatorPotential::gradient(const Point& x, double t) const {
  const auto c = at(t);
  return {c.slope + c.stretch * (x[0] - c.mean), c.slope + c.stretch * (x[1] - c.mean)};
}

void OscillatorPotential::gradient(std::span<const float> x, double t, std::span<double> values) const {
  const auto c = at(t);
  for (std::size_t i = 0; i < x.size(); ++i) values[i] = c.slope + c.stretch * (x[i] - c.mean);
}

ExactPotential::MovingPoint OscillatorPotential::zero(double t) const {
  const auto c = at(t);
  return {{c.mean, c.mean}, {c.slope, c.slope}};
}

double OscillatorPotential::time_derivative(const Point& x, double t) const {
  const auto c = at(t);
  double sum = 0;
  for (const double coordinate : x) {
    const double y = coordinate - c.mean;
    sum += c.curvature * y + c.stretch_growth * y * y / 2 - (c.slope + c.stretch * y) * c.slope;
  }
  return sum;
}

double OscillatorPotential::laplacian(double t) const { return 2 * at(t).stretch; }

double OscillatorPotential::log_density(const Point& x, double t) const {
  const auto c = at(t);
  double sum = -std::log(2 * std::numbers::pi * c.variance);
  for (const double coordinate : x) sum -= (coordinate - c.mean) * (coordinate - c.mean) / (2 * c.variance);
  return sum;
}

double OscillatorPotential::integrand(double t) const {
  const auto c = at(t);
  return c.growth_growth / 2 - c.slope * c.slope - c.stretch * c.stretch * c.variance;
}

double OscillatorPotential::loss(double end) const {
  constexpr int kIntervals = 4000;  // Simpson's rule; the integrand's error is round-off up to mu of hundreds
  double sum = 0;
  for (int i = 0; i <= kIntervals; ++i) {
    const auto c = at(end * i / kIntervals);
    const double weight = i == 0 || i == kIntervals ? 1 : 2 + 2 * (i % 2);
    sum += weight * (c.slope * c.slope + c.stretch * c.stretch * c.variance);
  }
  return -sum * end / (3 * kIntervals);
}

}  // namespace scorefield::problems
