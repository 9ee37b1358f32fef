#include "data/problems/bistable.hpp"

#include <array>

#include "core/require.hpp"

namespace scorefield::problems {
namespace {

sde::SdeOptions bistable_defaults() {
  sde::SdeOptions options;
  options.duration = 12;
  options.dt = 5e-3;
  return options;
}

}  // namespace

Bistable::Bistable() : SdeProblem(bistable_defaults()) {}

std::string Bistable::summary() const {
  return "a particle with friction and noise in a double well, started with a kick into one well";
}

std::string Bistable::parameter() const {
  return "mu: stiffness of the walls (x'' = -friction x' + x - mu x^3 + noise xi)";
}

void Bistable::bind(OptionSet& set) {
  SdeProblem::bind(set);
  set.add("bistable.friction", friction_, any_number(), "friction coefficient");
  set.add("bistable.noise", noise_, at_least(0), "strength of the random acceleration");
}

SdeModel Bistable::model(double mu) const {
  require(mu >= 0, "mu", mu, "a number from 0 on: the walls of the double well are mu x^3");
  const auto drift = [mu, friction = friction_](double, const std::array<double, 2>& state) {
    const auto [x, v] = state;
    return std::array{v, -friction * v + x - mu * x * x * x};
  };
  return {{2, sde::pointwise<2>(drift), {0, noise_}, {}}, {{0, -10}, {0.5, 0.5}, sde::Population::Law::normal}};
}

std::vector<Coordinate> Bistable::coordinates() const { return {{0, "x", "1", 0}, {1, "v", "1", 0}}; }

}  // namespace scorefield::problems
