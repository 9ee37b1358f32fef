#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "models/normalizer.hpp"
#include "training/rollout/rollout.hpp"
#include "training/rollout/start.hpp"

namespace scorefield::training {

/// Starting populations as a differentiable function of mu: those of RolloutStart with common random numbers, so that a
/// particle moves smoothly with mu, and its derivative by central differences. Normalised coordinates; derivatives are
/// with respect to each parameter in units of its half range in the training data.
class SmoothStart {
 public:
  /// Populations of `start`, which lives as long as this object. `frames`: conversions.
  SmoothStart(const RolloutStart& start, const Rollout& frames, const models::Normalizer& normalizer,
              torch::Device device)
      : start_(&start), frames_(frames), normalizer_(normalizer), device_(device) {}
  /// One population [N, d], normalised, whatever mu is.
  SmoothStart(torch::Tensor fixed, const Rollout& frames, const models::Normalizer& normalizer, torch::Device device)
      : fixed_(std::move(fixed)), frames_(frames), normalizer_(normalizer), device_(device) {}

  /// From now on, and not each with its own, with the random numbers of the population at this mu [p]. A population
  /// that does not move smoothly with mu, or not at all, is kept: then every mu starts from this one.
  void use_numbers_of(const std::vector<double>& mu);

  /// [N, d] at mu [p].
  [[nodiscard]] torch::Tensor at(const std::vector<double>& mu) const;
  /// [N, p d]: d x0 / d mu_j in blocks of d; 0 along a parameter that has one value in training.
  [[nodiscard]] torch::Tensor tangent(const std::vector<double>& mu) const;

 private:
  /// [N, d]: along one parameter.
  [[nodiscard]] torch::Tensor tangent_along(const std::vector<double>& mu, std::size_t parameter) const;
  [[nodiscard]] torch::Tensor made(const std::vector<double>& mu) const;

  const RolloutStart* start_ = nullptr;
  torch::Tensor fixed_;
  const Rollout& frames_;
  const models::Normalizer& normalizer_;
  torch::Device device_;
  std::vector<double> numbers_of_;
};

}  // namespace scorefield::training
