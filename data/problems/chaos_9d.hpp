#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/sde_problem.hpp"

namespace scorefield::problems {

/// The nine-mode Lorenz system: Rayleigh-Benard convection in square cells, truncated at nine Fourier modes (Reiterer,
/// Lainscsek, Schuerrer, Letellier and Maquet, J. Phys. A 31 (1998) 7121). C_1 .. C_5 belong to the flow and C_6 .. C_9
/// to the temperature; time is in diffusion times of the primary mode, r is the Rayleigh number over its critical
/// value.
struct NineModes {
  double r = 14;
  double wave_number = 0.5;  ///< a, of the square cells
  double prandtl = 0.5;      ///< sigma

  using State = std::array<double, 9>;
  /// dC/dt. C = 0 is the conduction state; the primary roll grows where r > 1.
  [[nodiscard]] State operator()(const State& c) const;
};

/// The nine modes with noise, dC = f(C) dt + noise dW, started at N(0, .02^2). mu is r.
class Chaos9d : public SdeProblem {
 public:
  Chaos9d();
  [[nodiscard]] std::string name() const override { return "chaos-9d"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  [[nodiscard]] std::vector<double> training_mu() const override;
  [[nodiscard]] std::vector<double> test_mu() const override { return {13.65, 14.05}; }
  [[nodiscard]] std::int64_t default_frames() const override { return 201; }
  [[nodiscard]] std::int64_t default_particles() const override { return 10000; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<Chaos9d>(*this); }
  void bind(OptionSet& set) override;
  [[nodiscard]] SdeModel model(double mu) const override;
  [[nodiscard]] std::vector<Coordinate> coordinates() const override;
  [[nodiscard]] std::string time_units() const override { return "thermal diffusion time of the primary mode"; }

 private:
  NineModes modes_;
  double noise_ = 0.05;
};

}  // namespace scorefield::problems
