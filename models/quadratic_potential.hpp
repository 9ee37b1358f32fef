#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/modulation/hypernetwork.hpp"
#include "models/options.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// The quadratic part of a potential beside the network's (after OT-Flow, arXiv 2006.00104, whose quadratic form is
/// constant in time),
///   q(x; mu, t) = sum_c a_c(mu, t) x_c^2 / 2 + b_c(mu, t) x_c,
/// over coordinates that are not periodic. It moves and contracts any number of directions alike, which a network does
/// only with as many neurons as there are directions. A hypernetwork of the modulation's size gives a and b, both zero
/// at the start.
class QuadraticPotential : public torch::nn::Module {
 public:
  QuadraticPotential(const ModelOptions& options, const kernels::NetworkShape& shape, std::int64_t mu_dimension);

  /// Of every group; rates are derivatives with respect to t, undefined unless asked for.
  struct Coefficients {
    torch::Tensor curvature, slope;            ///< [G, d]: a and b
    torch::Tensor curvature_rate, slope_rate;  ///< [G, d]
  };
  /// mu: [G, p], t: [G], normalised.
  [[nodiscard]] Coefficients coefficients(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates);

  /// q of x [G, N, d]: [G, N].
  [[nodiscard]] static torch::Tensor potential(const torch::Tensor& curvature, const torch::Tensor& slope,
                                               const torch::Tensor& x);
  /// grad_x q of x [G, N, d]: [G, N, d].
  [[nodiscard]] static torch::Tensor gradient(const Coefficients& coefficients, const torch::Tensor& x);

 private:
  std::shared_ptr<Hypernetwork> hypernetwork_;
  torch::Tensor mask_;  ///< [2d], 0 on periodic coordinates
};

}  // namespace scorefield::models
