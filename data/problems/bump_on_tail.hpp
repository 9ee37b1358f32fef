#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Bump-on-tail instability: a weak fast beam (density .1, v = 4, thermal speed .5) on the tail of a Maxwellian bulk,
/// with collisions as a diffusion in velocity.
class BumpOnTail : public BeamCase {
 public:
  [[nodiscard]] std::string name() const override { return "bump-on-tail"; }
  [[nodiscard]] std::string system() const override {
    return "bump-on-tail instability: a weak beam on a Maxwellian's tail, with collisions";
  }
  [[nodiscard]] std::vector<double> training_mu(const PlasmaOptions&) const override {
    return {1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0};
  }
  [[nodiscard]] std::vector<double> test_mu(const PlasmaOptions&) const override { return {1.35, 1.95}; }
  [[nodiscard]] std::vector<pic::Beam> beams(const PlasmaOptions&) const override {
    return {{0.9, 0, 1}, {0.1, 4, 0.5}};
  }
  [[nodiscard]] double own_diffusion() const override { return 1e-3; }
};

}  // namespace scorefield::problems
