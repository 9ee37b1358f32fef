#pragma once

#include <memory>

#include "solvers/gas/options.hpp"
#include "solvers/mpm/motion.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::mpm {

/// `mpm`: matter on a grid up to d = 3, the affine gas above.
struct MpmMethodOptions {
  MpmOptions grid;
  gas::AffineOptions affine;
};
void bind(OptionSet& set, MpmMethodOptions& options);

class MpmSampler final : public sampling::Sampler {
 public:
  /// @throws UsageError: invalid options, a sample set as target, a solid above d = 3
  MpmSampler(const sampling::Setup& setup, const MpmMethodOptions& options);

  void step() override;
  [[nodiscard]] torch::Tensor particles() const override;
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override;
  [[nodiscard]] bool converged() const override;
  [[nodiscard]] std::vector<std::string> notes() const override;
  [[nodiscard]] std::map<std::string, torch::Tensor> state() const override;
  void restore(const std::map<std::string, torch::Tensor>& state) override;

 private:
  std::shared_ptr<const targets::Target> target_;
  std::unique_ptr<Motion> motion_;             ///< d <= 3
  std::unique_ptr<sampling::Sampler> affine_;  ///< above
  std::vector<std::string> notes_;
};

}  // namespace scorefield::mpm
