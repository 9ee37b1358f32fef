#pragma once

#include <cstdint>
#include <memory>

#include "solvers/gas/affine.hpp"
#include "solvers/gas/options.hpp"
#include "solvers/gas/tempered.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::gas {

/// The target as the gases call it.
[[nodiscard]] Evaluator make_evaluator(std::shared_ptr<const targets::Target> target);
/// [N, d] tensor to [d, N] columns, and back.
[[nodiscard]] Matrix columns(const torch::Tensor& x);
[[nodiscard]] torch::Tensor rows(const Matrix& x);

/// `gas`: the tempered gas. @throws UsageError for a target without log p
class GasSampler : public sampling::Sampler {
 public:
  GasSampler(const sampling::Setup& setup, const GasOptions& options);
  GasSampler(const sampling::Setup& setup, const SmcOptions& options);

  void step() override { gas_->step(); }
  [[nodiscard]] torch::Tensor particles() const override { return rows(gas_->particles()); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override { return gas_->trace(); }
  [[nodiscard]] bool converged() const override { return gas_->done(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return gas_->notes(); }
  [[nodiscard]] std::map<std::string, torch::Tensor> extras() const override;
  [[nodiscard]] std::map<std::string, torch::Tensor> state() const override;
  void restore(const std::map<std::string, torch::Tensor>& state) override;

 private:
  std::unique_ptr<Tempered> gas_;
};

/// The affine or sliced gas, in any dimension.
class AffineSampler final : public sampling::Sampler {
 public:
  AffineSampler(const sampling::Setup& setup, const AffineOptions& options);

  void step() override { gas_->step(++made_ == steps_); }
  [[nodiscard]] torch::Tensor particles() const override { return rows(gas_->particles()); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override { return gas_->trace(); }
  [[nodiscard]] bool converged() const override { return gas_->converged(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }
  [[nodiscard]] std::map<std::string, torch::Tensor> state() const override;
  void restore(const std::map<std::string, torch::Tensor>& state) override;

 private:
  std::unique_ptr<Affine> gas_;
  std::int64_t steps_, made_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace scorefield::gas
