#include "data/problems/chaos_9d.hpp"

#include <cmath>

namespace scorefield::problems {
namespace {

sde::SdeOptions nine_mode_defaults() {
  sde::SdeOptions options;
  options.duration = 20;
  options.dt = 1e-2;
  return options;
}

using State = NineModes::State;

/// The numbers of the system, which do not change during a run.
struct Coefficients {
  explicit Coefficients(const NineModes& modes) : s(modes.prandtl), r(modes.r) {
    const double a2 = modes.wave_number * modes.wave_number;
    b1 = 4 * (1 + a2) / (1 + 2 * a2);
    b2 = (1 + 2 * a2) / (2 * (1 + a2));
    b3 = 2 * (1 - a2) / (1 + a2);
    b4 = a2 / (1 + a2);
    b5 = 8 * a2 / (1 + 2 * a2);
    b6 = 4 / (1 + 2 * a2);
  }
  double s, r, b1, b2, b3, b4, b5, b6;
};

/// Inlined into the loop over particles, which then vectorises.
[[gnu::always_inline]] inline State rate(const Coefficients& k, const State& c) {
  const auto [s, r, b1, b2, b3, b4, b5, b6] = k;
  const auto [c1, c2, c3, c4, c5, c6, c7, c8, c9] = c;
  return {-s * b1 * c1 - c2 * c4 + b4 * c4 * c4 + b3 * c3 * c5 - s * b2 * c7,
          -s * c2 + c1 * c4 - c2 * c5 + c4 * c5 - s * c9 / 2,
          -s * b1 * c3 + c2 * c4 - b4 * c2 * c2 - b3 * c1 * c5 + s * b2 * c8,
          -s * c4 - c2 * c3 - c2 * c5 + c4 * c5 + s * c9 / 2,
          -s * b5 * c5 + (c2 * c2 - c4 * c4) / 2,
          -b6 * c6 + c2 * c9 - c4 * c9,
          -b1 * c7 - r * c1 + 2 * c5 * c8 - c4 * c9,
          -b1 * c8 + r * c3 - 2 * c5 * c7 + c2 * c9,
          -c9 - r * c2 + r * c4 - 2 * c2 * c6 + 2 * c4 * c6 + c4 * c7 - c2 * c8};
}

}  // namespace

NineModes::State NineModes::operator()(const State& c) const { return rate(Coefficients(*this), c); }

Chaos9d::Chaos9d() : SdeProblem(nine_mode_defaults()) {}

std::string Chaos9d::summary() const {
  return "nine-mode Lorenz system of convection in square cells, with noise (9-D)";
}

std::string Chaos9d::parameter() const { return "mu: Rayleigh number r over its critical value"; }

std::vector<double> Chaos9d::training_mu() const { return {13.5, 13.6, 13.7, 13.8, 13.9, 14.0, 14.1, 14.2}; }

void Chaos9d::bind(OptionSet& set) {
  SdeProblem::bind(set);
  set.add("chaos.noise", noise_, at_least(0), "strength of the noise on every mode");
  set.add("chaos.wave_number", modes_.wave_number, any_number(), "wave number a of the square cells");
  set.add("chaos.prandtl", modes_.prandtl, above(0), "Prandtl number sigma");
}

SdeModel Chaos9d::model(double mu) const {
  NineModes modes = modes_;
  modes.r = mu;
  const auto drift = [k = Coefficients(modes)](double, const State& c) { return rate(k, c); };
  return {{9, sde::pointwise<9>(drift), std::vector<double>(9, noise_), {}},
          {std::vector<double>(9, 0.0), std::vector<double>(9, 0.02), sde::Population::Law::normal}};
}

std::vector<Coordinate> Chaos9d::coordinates() const {
  std::vector<Coordinate> modes;
  for (std::int64_t i = 0; i < 9; ++i) modes.push_back({i, std::string("C").append(std::to_string(i + 1)), "1", 0});
  return modes;
}

}  // namespace scorefield::problems
