#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Two-stream instability: equal electron beams at v = -3 and 3 with thermal speed 1 on a neutralising background.
class TwoStream : public BeamCase {
 public:
  [[nodiscard]] std::string name() const override { return "two-stream"; }
  [[nodiscard]] std::string system() const override {
    return "two-stream instability: counter-streaming electron beams";
  }
  [[nodiscard]] std::vector<double> training_mu(const PlasmaOptions&) const override {
    return {1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9};
  }
  [[nodiscard]] std::vector<double> test_mu(const PlasmaOptions&) const override {
    return {1.25, 1.35, 1.45, 1.55, 1.65, 1.75, 1.85};
  }
  [[nodiscard]] std::vector<pic::Beam> beams() const override { return {{0.5, -3, 1}, {0.5, 3, 1}}; }
};

}  // namespace scorefield::problems
