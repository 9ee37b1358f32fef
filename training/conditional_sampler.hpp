#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "training/conditional_options.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {

/// Samples of a conditional model at one (mu, t), normalised coordinates [N, d], on the network's device; a function of
/// the seed. The same seed gives neighbouring samples at neighbouring (mu, t). With l the level in [-1, 1]:
///   ncsm, probability flow  dx/dl = -(d sigma/d l) grad s from N(m, 1 + sigma_max^2) (arXiv 2011.13456, variance
///   exploding), m Tweedie's
///                           estimate of the mean at the largest noise
///   ncsm, langevin          a reverse-diffusion step to every level, then `sweeps` times x += (e/2) sigma grad s +
///   sqrt(e) sigma xi
///                           (arXiv 1907.05600; predictor and corrector of 2011.13456)
///   cfm                     dx/dtau = grad s from N(0, 1) (arXiv 2210.02747); uniform on periodic coordinates
/// A final step of ncsm removes the least noise (Tweedie). mu: physical, [p]; t: normalised.
[[nodiscard]] torch::Tensor sample_conditional(const ReducedModel& model, const std::vector<double>& mu, double t,
                                               std::int64_t particles, std::uint64_t seed,
                                               const ConditionalOptions& options);

}  // namespace scorefield::training
