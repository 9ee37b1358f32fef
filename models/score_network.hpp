#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/known_drift.hpp"
#include "models/modulation/modulation.hpp"
#include "models/normalizer.hpp"
#include "models/options.hpp"
#include "models/quadratic_potential.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// The scalar potential s(x; mu, t) of arXiv 2410.12000 in normalised coordinates: a silu MLP on features of x
/// (periodic coordinates as sin/cos harmonics) whose weights a modulation makes from (mu, t), and on request a
/// quadratic form. Its gradient in x is the drift, or what the drift has besides its known part. With
/// ModelOptions::vector that field is the network's output itself, and there is no potential.
class ScoreNetwork : public torch::nn::Module {
 public:
  ScoreNetwork(const ModelOptions& options, const Normalizer& normalizer);

  /// Reference evaluation by LibTorch operations, differentiable any number of times in everything.
  /// x: [G, N, d], mu: [G, p], t: [G], all normalised -> [G, N]. @throws c10::ValueError for a vector field
  [[nodiscard]] torch::Tensor potential(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t);
  /// The same of a vector field -> [G, N, d]. @throws c10::ValueError for a potential
  [[nodiscard]] torch::Tensor vector_field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t);

  /// The field, grad_x s or the outputs, at one (mu, t) without an autograd graph: the fused kernels on the CPU,
  /// hand-written sweeps in LibTorch operations elsewhere. x: [N, d], mu: [1, p], normalised -> [N, d].
  [[nodiscard]] torch::Tensor field(const torch::Tensor& x, const torch::Tensor& mu, double t);
  /// The same with t [1] on the network's device, which nothing has to wait for.
  [[nodiscard]] torch::Tensor field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t);
  /// The same of groups. x: [G, N, d], mu: [G, p], t: [G] -> [G, N, d]
  [[nodiscard]] torch::Tensor group_field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t);

  /// What moves the population: the known part of the drift and the field. Arguments as for field.
  template <class Time>
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, const torch::Tensor& mu, const Time& t) {
    return known_drift_.add_to(field(x, mu, t), x);
  }

  /// Physical mu [p] -> [1, p], normalised, of the parameters' dtype and device. @throws c10::ValueError on a wrong
  /// length.
  [[nodiscard]] torch::Tensor normalized_mu(const std::vector<double>& mu) const;

  /// Null without one (ModelOptions::quadratic).
  [[nodiscard]] QuadraticPotential* quadratic() { return quadratic_.get(); }
  [[nodiscard]] Modulation& modulation() { return *modulation_; }
  [[nodiscard]] const kernels::NetworkShape& shape() const { return shape_; }
  [[nodiscard]] const KnownDrift& known_drift() const { return known_drift_; }
  [[nodiscard]] const Normalizer& normalizer() const { return normalizer_; }
  [[nodiscard]] const ModelOptions& options() const { return options_; }
  [[nodiscard]] std::int64_t parameter_count() const;
  /// Those of the plain network; the others belong to its modulation.
  [[nodiscard]] std::int64_t plain_parameter_count() const;

 private:
  ModelOptions options_;
  Normalizer normalizer_;
  KnownDrift known_drift_;
  kernels::NetworkShape shape_;
  std::shared_ptr<Modulation> modulation_;
  std::shared_ptr<QuadraticPotential> quadratic_;
};

/// Network inputs for a normaliser: identity, or harmonics of the periodic coordinates.
[[nodiscard]] kernels::NetworkShape make_network_shape(const ModelOptions& options, const Normalizer& normalizer);

/// The plain MLP of every group on x: [G, N, d] -> [G, N], or [G, N, d] of a field, by LibTorch operations.
[[nodiscard]] torch::Tensor evaluate_network(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                                             const torch::Tensor& x);

}  // namespace scorefield::models
