#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/problem.hpp"
#include "data/problems/stepwise.hpp"
#include "solvers/pic3d/options.hpp"

namespace scorefield::problems {

/// Landau damping in the full phase space, 3D3V particle-in-cell in a cube of side 2 pi / k = 4 pi: a Maxwellian with
/// density 1 + alpha cos k x (or a product of such along two or three axes). mu is alpha. State (x, y, z, vx, vy, vz),
/// time derivative (v, -E).
class Landau6d : public Problem {
 public:
  [[nodiscard]] std::string name() const override { return "landau-6d"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override { return "alpha: amplitude of the density wave"; }
  [[nodiscard]] std::vector<double> training_mu() const override;
  [[nodiscard]] std::vector<double> test_mu() const override { return {0.325}; }
  [[nodiscard]] std::int64_t default_frames() const override { return 91; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<Landau6d>(*this); }
  void bind(OptionSet& set) override;
  void validate(const GenerateOptions& options) const override;
  void generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const override;
  [[nodiscard]] std::vector<float> initial(const InitialRequest& request) const override;

  [[nodiscard]] bool has_electric_energy() const override { return true; }
  [[nodiscard]] double electric_energy(std::span<const float> samples, const std::vector<double>& mu) const override;

 private:
  [[nodiscard]] pic3d::Pic3dOptions pic_options() const;
  /// @throws UsageError where an option or a mu makes no sense
  [[nodiscard]] FramePlan frame_plan(const GenerateOptions& request) const;

  pic3d::Pic3dOptions pic_;
  double k_ = 0.5;
  std::int64_t axes_ = 1;
};

}  // namespace scorefield::problems
