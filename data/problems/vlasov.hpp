#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/problems/plasma_case.hpp"
#include "data/problems/problem.hpp"
#include "data/problems/stepwise.hpp"
#include "solvers/vlasov/options.hpp"

namespace scorefield::problems {

enum class VlasovDraw { low_discrepancy, random };

/// Any 1D1V case on a phase-space grid: no particle noise in the field. The stored samples either follow the
/// characteristics in the grid's field (identity "trajectories") or are drawn anew from f at every stored time
/// ("marginals"). State (x, v), and (v, -E) as the phase velocity at the samples. f itself is stored on request.
class VlasovProblem : public Problem {
 public:
  VlasovProblem();

  [[nodiscard]] std::string name() const override { return "vlasov"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override { return plasma_case().parameter(plasma_); }
  [[nodiscard]] std::vector<double> training_mu() const override { return plasma_case().training_mu(plasma_); }
  [[nodiscard]] std::vector<double> test_mu() const override { return plasma_case().test_mu(plasma_); }
  [[nodiscard]] std::int64_t default_frames() const override { return 201; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<VlasovProblem>(*this); }
  void bind(OptionSet& set) override;
  void validate(const GenerateOptions& options) const override;
  void generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const override;

  /// Of particles: CIC on the grid's cells, since f itself is not at hand.
  [[nodiscard]] bool has_electric_energy() const override { return true; }
  [[nodiscard]] double electric_energy(std::span<const float> samples, const std::vector<double>& mu) const override;
  [[nodiscard]] std::optional<std::vector<double>> initial_density(std::span<const double> points,
                                                                   const std::vector<double>& mu) const override;

 private:
  /// @throws UsageError
  [[nodiscard]] const PlasmaCase& plasma_case() const;
  /// @throws UsageError where an option or a mu makes no sense
  [[nodiscard]] FramePlan frame_plan(const GenerateOptions& request) const;

  std::string case_;
  PlasmaOptions plasma_;
  vlasov::VlasovOptions vlasov_;
  data::GridOptions density_;
  data::Identity identity_ = data::Identity::trajectories;
  VlasovDraw draw_ = VlasovDraw::low_discrepancy;
};

}  // namespace scorefield::problems
