#pragma once

#include <cstdint>
#include <memory>

#include "solvers/gas/options.hpp"
#include "solvers/gas/target.hpp"
#include "solvers/gas/tempered.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::gas {

/// `gas`: the tempered gas. @throws UsageError for a target without log p
class GasSampler : public sampling::Sampler {
 public:
  GasSampler(const sampling::Setup& setup, const GasOptions& options);
  GasSampler(const sampling::Setup& setup, const SmcOptions& options);

  void step() override { gas_->step(); }
  [[nodiscard]] torch::Tensor particles() const override { return rows(own_units(gas_->particles())); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override { return gas_->trace(); }
  [[nodiscard]] bool converged() const override { return gas_->done(); }
  [[nodiscard]] std::optional<bool> at_rest() const override { return gas_->done(); }
  [[nodiscard]] std::optional<sampling::LogEvidence> log_evidence() const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return gas_->notes(); }
  [[nodiscard]] std::map<std::string, torch::Tensor> extras() const override;
  void exchange(StateArchive& archive) override { gas_->exchange(archive); }

 private:
  void start(const sampling::Setup& setup, const GasOptions& options);
  [[nodiscard]] Matrix own_units(const Matrix& y) const;

  /// An uneven initial cloud is sampled in coordinates y, x = mean + factor y, where it is round; empty: y = x.
  Vector mean_;
  Matrix factor_;
  std::unique_ptr<Tempered> gas_;
};

/// Methods gas and smc.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::gas
