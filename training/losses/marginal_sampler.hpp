#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "models/score_network.hpp"
#include "training/losses/conditional_options.hpp"

namespace scorefield::training {

/// A network with one more input after mu, a level in [-1, 1], frozen at one (mu, t).
class LevelField {
 public:
  /// mu: physical, [p]; t: normalised.
  LevelField(models::ScoreNetwork& network, std::vector<double> mu, double t)
      : network_(network), mu_(std::move(mu)), time_(t) {}

  /// grad s at a level. x: [N, d] -> [N, d], normalised coordinates.
  [[nodiscard]] torch::Tensor gradient(const torch::Tensor& x, double level) const;

  [[nodiscard]] const models::Normalizer& normalizer() const { return network_.normalizer(); }
  /// Standard normals, [N, d], where the network is; a function of the seed.
  [[nodiscard]] torch::Tensor normals(std::int64_t particles, std::uint64_t seed) const;
  /// Periodic coordinates into one period.
  [[nodiscard]] torch::Tensor wrap(const torch::Tensor& x) const;

 private:
  models::ScoreNetwork& network_;
  std::vector<double> mu_;
  double time_;
};

/// Samples of the marginals of a model that is sampled afresh at every (mu, t).
class MarginalSampler {
 public:
  virtual ~MarginalSampler() = default;

  /// @throws UsageError for options that this model has no use for
  virtual void check(const ConditionalOptions& options) const = 0;

  /// Whether sample i at different times comes from the same point of noise by a flow, which makes it a trajectory.
  [[nodiscard]] virtual bool follows() const { return false; }

  /// [N, d], normalised coordinates; a function of the seed. The same seed gives neighbouring samples at neighbouring
  /// (mu, t).
  [[nodiscard]] virtual torch::Tensor sample(const LevelField& field, std::int64_t particles, std::uint64_t seed,
                                             const ConditionalOptions& options) const = 0;
};

/// The end x(1) of dx/dl = rate(x, l) from x(-1) by Heun steps.
[[nodiscard]] torch::Tensor integrate_levels(
    const LevelField& field, const torch::Tensor& x, std::int64_t steps,
    const std::function<torch::Tensor(const torch::Tensor& x, double level)>& rate);

}  // namespace scorefield::training
