#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Two-stream instability of two warm beams under a density wave, the task of arXiv 2308.05882:
///   f = N/2 (1 + a cos k x) sum_+- exp(-(v -+ u)^2 / 2T) / sqrt(2 pi T),   N = 16, a = .1, u = 2, x in [0, 2 pi]
/// mu is the temperature T, and k (wave.k) a further parameter. Where k is no multiple of 2 pi / L, the periodic
/// density jumps at the edge of the box. With density 1 on average, Poisson's mu^2 is 1 / mean(n).
class TwoStreamWave : public PlasmaCase {
 public:
  [[nodiscard]] std::string name() const override { return "two-stream-wave"; }
  [[nodiscard]] std::string system() const override {
    return "two-stream instability of warm beams under a density wave";
  }
  [[nodiscard]] std::string parameter(const PlasmaOptions&) const override {
    return "T: temperature of the beams, the square of their thermal speed";
  }
  [[nodiscard]] std::vector<double> training_mu(const PlasmaOptions&) const override {
    return {0.9, 0.95, 1, 1.05, 1.1};
  }
  [[nodiscard]] std::vector<double> test_mu(const PlasmaOptions&) const override {
    return {0.925, 0.975, 1.025, 1.075};
  }
  [[nodiscard]] pic::PicOptions pic_options() const override;
  void bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const override;
  void validate(const PlasmaOptions& options) const override;
  [[nodiscard]] PlasmaSetup setup(const PlasmaOptions& options, double mu) const override;
};

}  // namespace scorefield::problems
