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

namespace scorefield::problems {

/// A 1D1V case by particle-in-cell. State (x, v), time derivative (v, -E); collisions are kicks and not in it.
/// The runs of two mu, and of two seeds, draw independent particles.
class PicProblem : public Problem {
 public:
  explicit PicProblem(std::shared_ptr<const PlasmaCase> plasma);

  [[nodiscard]] std::string name() const override { return case_->name(); }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override { return case_->parameter(plasma_); }
  [[nodiscard]] std::vector<double> training_mu() const override { return case_->training_mu(plasma_); }
  [[nodiscard]] std::vector<double> test_mu() const override { return case_->test_mu(plasma_); }
  [[nodiscard]] std::int64_t default_frames() const override { return 201; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<PicProblem>(*this); }
  void bind(OptionSet& set) override;
  void validate(const GenerateOptions& options) const override;
  void generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const override;
  [[nodiscard]] std::vector<float> initial(const InitialRequest& request) const override;

  [[nodiscard]] bool has_electric_energy() const override { return true; }
  [[nodiscard]] double electric_energy(std::span<const float> samples, const std::vector<double>& mu) const override;
  [[nodiscard]] std::optional<std::vector<double>> initial_density(std::span<const double> points,
                                                                   const std::vector<double>& mu) const override;

  /// What runs at one value of the problem's own parameter.
  [[nodiscard]] PlasmaSetup setup(double mu) const { return case_->setup(plasma_, mu); }

 private:
  /// @throws UsageError where an option or a mu makes no sense
  [[nodiscard]] FramePlan frame_plan(const GenerateOptions& request) const;
  [[nodiscard]] pic::PicOptions pic_options(const PlasmaSetup& setup) const;

  std::shared_ptr<const PlasmaCase> case_;
  PlasmaOptions plasma_;
  pic::PicOptions pic_;
};

}  // namespace scorefield::problems
