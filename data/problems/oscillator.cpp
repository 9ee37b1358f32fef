#include "data/problems/oscillator.hpp"

#include <array>
#include <cmath>

#include "core/error.hpp"
#include "data/problems/oscillator_potential.hpp"

namespace scorefield::problems {
namespace {

constexpr double kStart = -1, kDeviation = 0.1;

sde::SdeOptions oscillator_defaults() {
  sde::SdeOptions options;
  options.duration = 1;
  options.dt = 2e-3;
  return options;
}

}  // namespace

Oscillator::Oscillator() : SdeProblem(oscillator_defaults()) {}

std::string Oscillator::summary() const {
  return "randomly kicked oscillator in the plane, 2 of 4 coordinates stored; Gaussian at all times";
}

std::string Oscillator::parameter() const { return "mu: angular frequency (x'' = -mu^2 x + noise xi)"; }

void Oscillator::bind(OptionSet& set) {
  SdeProblem::bind(set);
  set.add("oscillator.noise", noise_, at_least(0), "strength of the random acceleration");
}

SdeModel Oscillator::model(double mu) const {
  const auto drift = [stiffness = mu * mu](double, const std::array<double, 4>& state) {
    const auto [x1, x2, v1, v2] = state;
    return std::array{v1, v2, -stiffness * x1, -stiffness * x2};
  };
  return {{4, sde::pointwise<4>(drift), {0, 0, noise_, noise_}, {}},
          {{kStart, kStart, 0, 0}, {kDeviation, kDeviation, kDeviation, kDeviation}, sde::Population::Law::normal}};
}

std::vector<Coordinate> Oscillator::coordinates() const { return {{0, "x1", "1", 0}, {1, "x2", "1", 0}}; }

std::unique_ptr<ExactPotential> Oscillator::exact_potential(const std::vector<double>& mu) const {
  if (mu.at(0) == 0) return nullptr;
  return std::make_unique<OscillatorPotential>(*problem_at(*this, mu), mu.at(0));
}

Oscillator::Moments Oscillator::exact(double mu, double t) const {
  if (mu == 0) throw Error("the closed form of the oscillator needs mu other than 0.");
  const double c = std::cos(mu * t), s = std::sin(mu * t), sine2 = std::sin(2 * mu * t);
  const double start = kDeviation * kDeviation, diffusion = noise_ * noise_;
  // (x, x')(t) = R(t) (x, x')(0) + noise int R(t - u) e_2 dW(u) with R = [[c, s / mu], [-mu s, c]].
  Moments moments;
  moments.position = c * kStart;
  moments.velocity = -mu * s * kStart;
  moments.position_variance = start * (c * c + s * s / (mu * mu)) + diffusion * (t / 2 - sine2 / (4 * mu)) / (mu * mu);
  moments.covariance = start * (1 / mu - mu) * s * c + diffusion * s * s / (2 * mu * mu);
  moments.velocity_variance = start * (mu * mu * s * s + c * c) + diffusion * (t / 2 + sine2 / (4 * mu));
  return moments;
}

}  // namespace scorefield::problems
