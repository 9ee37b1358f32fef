#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/sde_problem.hpp"

namespace scorefield::problems {

/// A particle with friction in a double well, x' = v, v' = -friction v + x - mu x^3 + noise xi, started at
/// N((0, -10), .5^2): it is thrown into the left well and spreads over both. Its stationary density is proportional to
/// exp(-(2 friction / noise^2) (v^2 / 2 - x^2 / 2 + mu x^4 / 4)).
class Bistable : public SdeProblem {
 public:
  Bistable();
  [[nodiscard]] std::string name() const override { return "bistable"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  [[nodiscard]] std::vector<double> training_mu() const override { return {0.10, 0.15, 0.25, 0.30}; }
  [[nodiscard]] std::vector<double> test_mu() const override { return {0.20}; }
  [[nodiscard]] std::int64_t default_frames() const override { return 121; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<Bistable>(*this); }
  void bind(OptionSet& set) override;
  [[nodiscard]] SdeModel model(double mu) const override;
  [[nodiscard]] std::vector<Coordinate> coordinates() const override;

 private:
  double friction_ = 0.4;
  double noise_ = 1;
};

}  // namespace scorefield::problems
