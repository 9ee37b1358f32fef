#pragma once

#include <numbers>
#include <ostream>
#include <string>
#include <vector>

#include "data/problems/bump_on_tail.hpp"
#include "data/problems/two_stream.hpp"
#include "tests/support/plasma_dispersion.hpp"

namespace scorefield::test {

/// An unstable mode of a beam problem and its root of the collisionless dispersion relation.
struct GrowthCase {
  std::string problem;
  double mu;
  int mode;
  Complex guess;

  /// With a velocity perturbation of this mode and amplitude, without collisions, which the theory does not know.
  [[nodiscard]] problems::PlasmaSetup setup(double amplitude) const {
    problems::PlasmaOptions plasma;
    plasma.diffusion = 0;
    plasma.perturbation.mode = std::to_string(mode);
    auto setup =
        problem == "two-stream" ? problems::TwoStream().setup(plasma, mu) : problems::BumpOnTail().setup(plasma, mu);
    setup.population.perturbation.amplitude = amplitude;
    return setup;
  }

  [[nodiscard]] Complex root() const {
    const auto at = setup(0);
    std::vector<Maxwellian> beams;
    for (const auto& [density, drift, thermal] : at.population.beams) beams.push_back({density, drift, thermal});
    return DispersionRelation(beams, mu, 2 * std::numbers::pi * mode / at.box_length).root(guess);
  }
};

inline std::ostream& operator<<(std::ostream& out, const GrowthCase& growth) {
  return out << growth.problem << ", mu " << growth.mu << ", mode " << growth.mode;
}

/// Every mode that grows faster than .026 at five mu of each problem.
inline std::vector<GrowthCase> growth_cases() {
  std::vector<GrowthCase> growths;
  for (const double mu : {1.2, 1.35, 1.5, 1.7, 1.9}) growths.push_back({"two-stream", mu, 1, {0, 0.2}});
  for (const double mu : {1.2, 1.35, 1.5, 1.6}) growths.push_back({"two-stream", mu, 2, {0, 0.1}});
  for (const double mu : {1.3, 1.45, 1.6, 1.8, 2.0}) {
    growths.push_back({"bump-on-tail", mu, 1, {0.41, 0.09}});
    growths.push_back({"bump-on-tail", mu, 2, {0.72, 0.08}});
  }
  growths.push_back({"bump-on-tail", 1.3, 3, {1.06, 0.05}});
  return growths;
}

}  // namespace scorefield::test
