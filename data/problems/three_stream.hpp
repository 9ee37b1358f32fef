#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Two beams at v = -4 and 4 through a resting plasma of half the density.
class ThreeStream : public BeamCase {
 public:
  [[nodiscard]] std::string name() const override { return "three-stream"; }
  [[nodiscard]] std::string system() const override { return "two electron beams through a resting plasma"; }
  [[nodiscard]] std::vector<double> training_mu(const PlasmaOptions&) const override { return {1.2, 1.5, 1.8}; }
  [[nodiscard]] std::vector<double> test_mu(const PlasmaOptions&) const override { return {1.35, 1.65}; }
  [[nodiscard]] std::vector<pic::Beam> beams() const override { return {{0.25, -4, 1}, {0.5, 0, 1}, {0.25, 4, 1}}; }
};

}  // namespace scorefield::problems
