#pragma once

#include <memory>

#include "solvers/gas/options.hpp"
#include "solvers/mpm/motion.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::mpm {

/// Matter on a grid, d <= 3.
class MpmSampler final : public sampling::Sampler {
 public:
  /// @throws UsageError: invalid options, a sample set as target
  MpmSampler(const sampling::Setup& setup, const MpmOptions& options);

  void step() override;
  [[nodiscard]] torch::Tensor particles() const override;
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override { return motion_->trace(); }
  [[nodiscard]] bool converged() const override { return motion_->converged(); }
  [[nodiscard]] std::optional<bool> at_rest() const override { return motion_->converged(); }
  [[nodiscard]] std::vector<std::string> notes() const override;
  void exchange(StateArchive& archive) override { motion_->exchange(archive); }

 private:
  std::shared_ptr<const targets::Target> target_;
  std::unique_ptr<Motion> motion_;
  std::vector<std::string> notes_;
};

/// Options of the method mpm: of its grid, and of the affine gas that stands in for it above d = 3.
struct MpmMethodOptions {
  MpmOptions grid;
  gas::AffineOptions affine;
};
void bind(OptionSet& set, MpmMethodOptions& options);

/// Method mpm: matter on a grid up to d = 3, the affine gas above, where there are no solids.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::mpm
