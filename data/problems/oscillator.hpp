#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/sde_problem.hpp"

namespace scorefield::problems {

/// A planar harmonic oscillator that is kicked at random, x'' = -mu^2 x + noise xi, of which only the positions are
/// stored: x(0) ~ N((-1, -1), .1^2), x'(0) ~ N(0, .1^2). arXiv 2410.12000, first example. Every marginal is Gaussian.
class Oscillator : public SdeProblem {
 public:
  Oscillator();
  [[nodiscard]] std::string name() const override { return "oscillator"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  [[nodiscard]] std::vector<double> training_mu() const override { return {8}; }
  [[nodiscard]] std::vector<double> test_mu() const override { return {8}; }
  [[nodiscard]] std::int64_t default_frames() const override { return 101; }
  [[nodiscard]] std::int64_t default_particles() const override { return 10000; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<Oscillator>(*this); }
  void bind(OptionSet& set) override;
  [[nodiscard]] SdeModel model(double mu) const override;
  [[nodiscard]] std::vector<Coordinate> coordinates() const override;
  [[nodiscard]] std::unique_ptr<ExactPotential> exact_potential(const std::vector<double>& mu) const override;

  /// Mean and covariance of (x, x') in either direction of the plane at time t; the directions are independent.
  struct Moments {
    double position = 0, velocity = 0;
    double position_variance = 0, covariance = 0, velocity_variance = 0;
  };
  [[nodiscard]] Moments exact(double mu, double t) const;

 private:
  double noise_ = 0.05;
};

}  // namespace scorefield::problems
