#pragma once

#include <memory>

#include "solvers/gas/affine.hpp"
#include "solvers/gas/options.hpp"
#include "solvers/gas/target.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::gas {

/// The affine or sliced gas, in any dimension.
class AffineSampler final : public sampling::Sampler {
 public:
  AffineSampler(const sampling::Setup& setup, const AffineOptions& options);

  void step() override { gas_->step(++made_ == steps_); }
  [[nodiscard]] torch::Tensor particles() const override { return rows(gas_->particles()); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override { return gas_->trace(); }
  [[nodiscard]] bool converged() const override { return gas_->converged(); }
  [[nodiscard]] std::optional<bool> at_rest() const override { return gas_->converged(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }
  void exchange(StateArchive& archive) override;

 private:
  std::unique_ptr<Affine> gas_;
  std::int64_t steps_, made_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace scorefield::gas
