#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

#include "models/sweeps/network.hpp"

namespace scorefield::training {

/// Samples of G groups (mu, t) in normalised units, with what each group adds to the loss.
struct Batch {
  torch::Tensor x;                         ///< [G, N, d]
  torch::Tensor target;                    ///< [G, N, c], what the field regresses on (the shared objective: y of its
                                           ///< term y.grad s, c = d); undefined: the loss has no such term
  torch::Tensor mu;                        ///< [G, p]; the loss's own inputs of the network come last
  torch::Tensor t;                         ///< [G]
  torch::Tensor gauge;                     ///< [R, d], points that fix the gauge (README.md); undefined: none
  std::vector<kernels::GroupTerms> terms;  ///< [G]
  std::int64_t first_group = 0;   ///< index of the first group in the whole batch, of which this may be one process's
  std::int64_t total_groups = 0;  ///< groups of the whole batch

  /// All of them, undefined ones included: what moves between devices.
  [[nodiscard]] std::array<torch::Tensor*, 5> tensors() { return {&x, &target, &mu, &t, &gauge}; }
};

}  // namespace scorefield::training
