#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Two-stream instability: equal electron beams, by default at v = -3 and 3 with thermal speed 1, on a neutralising
/// background.
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
  void bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const override {
    BeamCase::bind(set, options, solver);
    problems::bind(set, options.beams);
  }
  void validate(const PlasmaOptions& options) const override {
    BeamCase::validate(options);
    check_ranges(options.beams);
  }
  [[nodiscard]] std::vector<pic::Beam> beams(const PlasmaOptions& options) const override {
    const auto& [speed, thermal_speed] = options.beams;
    return {{0.5, -speed, thermal_speed}, {0.5, speed, thermal_speed}};
  }
};

}  // namespace scorefield::problems
