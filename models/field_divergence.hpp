#pragma once

#include <torch/types.h>

#include "models/modulation/modulation.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

struct FieldAndDivergence {
  torch::Tensor field;       ///< [G, N, d]
  torch::Tensor divergence;  ///< [G, N]
};

/// b and div_x b of a vector field by one forward sweep of values and tangents, without an autograd graph. x: [G, N,
/// d]; probes: [P, N, d], whose mean of xi.(db/dx) xi is the divergence (Hutchinson), undefined: the unit vectors,
/// exactly.
[[nodiscard]] FieldAndDivergence field_and_divergence(const kernels::NetworkShape& shape,
                                                      const ModulatedWeights& weights, const torch::Tensor& x,
                                                      const torch::Tensor& probes = {});

}  // namespace scorefield::models
