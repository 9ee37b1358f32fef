#pragma once

#include <string>
#include <vector>

#include "data/problems/problem.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::problems {

/// v -> v (1 + amplitude cos(2 pi m x / L)).
struct PerturbationOptions {
  std::string mode = "1";  ///< the number of waves m in the box, or "reference": m = mu, as in arXiv 2410.12000
  double amplitude = 0.05;
};

/// Two-stream instability: equal electron beams at v = -3 and 3 with thermal speed 1 on a neutralising background,
/// 1D1V particle-in-cell. mu is the inverse plasma frequency. State (x, v), time derivative (v, -E).
class TwoStream : public Problem {
 public:
  [[nodiscard]] std::string name() const override { return "two-stream"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  [[nodiscard]] std::vector<double> training_mu() const override;
  [[nodiscard]] std::vector<double> test_mu() const override;
  [[nodiscard]] std::int64_t default_frames() const override { return 201; }

  void bind(OptionSet& set) override;
  void validate(const GenerateOptions& options) const override;
  void generate(const GenerateOptions& options, const std::string& config, const std::string& path,
                const ProgressObserver& observer) const override;

  [[nodiscard]] bool has_electric_energy() const override { return true; }
  [[nodiscard]] double electric_energy(std::span<const float> samples, const std::vector<double>& mu) const override;

  /// The initial population at mu.
  [[nodiscard]] pic::Population population(double mu) const;

 private:
  double perturbation_mode(double mu) const;

  pic::PicOptions pic_;
  PerturbationOptions perturbation_;
};

}  // namespace scorefield::problems
