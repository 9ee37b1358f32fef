#pragma once

#include <cstdint>

#include "training/optim/adam.hpp"
#include "training/optim/kronecker_group.hpp"
#include "training/optim/optimizer.hpp"

namespace scorefield::optim {

/// SOAP (arXiv 2409.11321): Adam in the eigenbasis of Shampoo's Kronecker factors. Tensors of rank 2 or more are
/// (batches of) matrices; equally shaped ones share one batched pass. Vectors, scalars and matrices without a side in
/// (1, max_precond_dim] are moved by Adam. The first step only initialises the eigenbases, as in the paper's code.
class Soap : public Optimizer {
 public:
  Soap(NamedTensors parameters, const OptimizerOptions& options);

  void prepare(double learning_rate) override;
  /// @throws DivergenceError on the first step when a gradient is not finite.
  void apply() override;
  void finish() override;
  [[nodiscard]] NamedTensors state() const override;

 private:
  std::vector<KroneckerGroup> groups_;  ///< one per matrix shape, in order of first appearance
  FusedAdam vectors_;
  std::int64_t count_ = 0;  ///< updates including the one prepared; one behind steps: the first step moves nothing
};

}  // namespace scorefield::optim
