#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/sde_problem.hpp"

namespace scorefield::problems {

/// d bodies on a line that follow a moving trap and attract each other,
///   x_i' = (a(t) - x_i)^3 - attraction / d sum_j (x_i - x_j) + sqrt(2 diffusion) xi_i,
///   a(t) = 5/4 sin(pi t + 3/2 + mu cos 2 pi t),    x_i(0) ~ .1 (N(0, 1) - .9 - 2.1 i / (d - 1)),  i = 0 .. d - 1.
/// A sample of the data is the whole system, d coordinates. arXiv 2410.12000: d = 100, attraction 1/2, diffusion .01.
class Trap : public SdeProblem {
 public:
  Trap();
  [[nodiscard]] std::string name() const override { return "trap"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  [[nodiscard]] std::vector<double> training_mu() const override { return {0.3, 0.4, 0.5, 0.7, 0.8, 0.9}; }
  [[nodiscard]] std::vector<double> test_mu() const override { return {0.6}; }
  [[nodiscard]] std::int64_t default_frames() const override { return 51; }
  [[nodiscard]] std::int64_t default_particles() const override { return 5000; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<Trap>(*this); }
  void bind(OptionSet& set) override;
  [[nodiscard]] SdeModel model(double mu) const override;
  [[nodiscard]] std::vector<Coordinate> coordinates() const override;

 private:
  std::int64_t dimension_ = 100;
  double attraction_ = 0.5;
  double diffusion_ = 0.01;
};

}  // namespace scorefield::problems
