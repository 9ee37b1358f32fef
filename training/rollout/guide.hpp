#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/normalizer.hpp"
#include "training/mu_interpolation.hpp"
#include "training/observables.hpp"
#include "training/rollout/guide_kind.hpp"

namespace scorefield::training {

struct ReducedModel;

/// Moves a population as little as possible to observables that are known (normalised coordinates, in which the field
/// is a gradient, too).
///
/// Modes phi_k: delta = sum_j a_j grad phi_j with E[grad phi_k . delta] = target_k - E[phi_k], the displacement of
/// least E|delta|^2 among those that change the means so, up to delta^2. No particle moves by more than the shortest
/// wave lets pass for linear. Moments: the affine map of optimal transport between Gaussians, x -> m* + A (x - m), A =
/// C^-1/2 (C^1/2 C* C^1/2)^1/2 C^-1/2, which meets mean and covariance exactly; of variances alone a scaling of every
/// coordinate.
class Guide {
 public:
  Guide(GuideKind kind, const models::Normalizer& normalizer);

  /// x: [N, d] normalised; shares: [N, 1], sum 1, double precision. Periodic coordinates are not wrapped.
  [[nodiscard]] torch::Tensor moved(const torch::Tensor& x, const torch::Tensor& shares,
                                    const Observables& target) const;

 private:
  [[nodiscard]] torch::Tensor to_moments(const torch::Tensor& x, const torch::Tensor& shares,
                                         const std::vector<double>& target) const;
  [[nodiscard]] torch::Tensor to_modes(const torch::Tensor& x, const torch::Tensor& shares,
                                       const std::vector<double>& target) const;

  GuideKind kind_;
  models::Normalizer normalizer_;
  ObservableSpace space_;
};

/// A population, [N, d], and its normalised time -> where it should be.
using GuideStep = std::function<torch::Tensor(const torch::Tensor& x, double time)>;

/// How observables of the training runs are carried to other mu: cubic for one parameter (linear below four runs); for
/// several linear or by kriging, what has the least error at training runs that are left out one by one.
[[nodiscard]] MuRule guide_rule(const ReducedModel& model, GuideKind kind);

/// The guide of rollouts at one mu: targets are the observables of the training runs, by that rule in mu and cubic in
/// time. `weights`: [N, 1] on any scale, or undefined. Null outside the hull of the training values, where nothing is
/// known.
[[nodiscard]] GuideStep guide_at(const ReducedModel& model, const MuRule& rule, GuideKind kind,
                                 const std::vector<double>& mu, const torch::Tensor& weights);

/// Density modes where a coordinate is periodic, else moments.
[[nodiscard]] GuideKind suitable_guide(const std::vector<double>& periods);

/// @throws UsageError where the model has no such observables: files of earlier versions, no coordinate of that kind
void require_observables(const ReducedModel& model, GuideKind kind, const std::string& path);

}  // namespace scorefield::training
