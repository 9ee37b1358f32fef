#include "models/score_network.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <numbers>

#include "models/sweeps/fused.hpp"
#include "models/sweeps/tensor_features.hpp"
#include "models/sweeps/tensor_sweeps.hpp"

namespace scorefield::models {

kernels::NetworkShape make_network_shape(const ModelOptions& options, const Normalizer& normalizer) {
  kernels::NetworkShape shape;
  shape.width = options.width;
  shape.hidden_layers = options.depth;
  if (options.vector) shape.components = normalizer.dimension();
  for (std::int64_t c = 0; c < normalizer.dimension(); ++c) {
    kernels::CoordinateFeatures features;
    if (normalizer.periods[static_cast<std::size_t>(c)] > 0) {
      features.angular_frequency = 2 * std::numbers::pi / normalizer.normalized_period(c);
      features.harmonics = options.harmonics;
    }
    shape.coordinates.push_back(features);
  }
  return shape;
}

torch::Tensor evaluate_network(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                               const torch::Tensor& x) {
  TORCH_CHECK_VALUE(x.dim() == 3 && x.size(2) == shape.dimension(), "network expects x [G, N, ", shape.dimension(),
                    "], got ", x.sizes());
  auto h = network_features(shape, x);
  for (std::size_t l = 0; l < weights.size(); ++l) {
    h = torch::baddbmm(weights[l].bias.unsqueeze(1), h, weights[l].weight.transpose(1, 2));
    if (l + 1 < weights.size()) h = h * h.sigmoid();
  }
  return shape.components > 0 ? h : h.squeeze(-1);
}

ScoreNetwork::ScoreNetwork(const ModelOptions& options, const Normalizer& normalizer)
    : options_(options),
      normalizer_(normalizer),
      known_drift_(options.known_drift, normalizer),
      shape_(make_network_shape(options, normalizer)) {
  const auto parameters = static_cast<std::int64_t>(normalizer.mu_center.size());
  modulation_ = register_module("modulation", make_modulation(options, shape_, parameters));
  if (options.quadratic)
    quadratic_ = register_module("quadratic", std::make_shared<QuadraticPotential>(options, shape_, parameters));
}

torch::Tensor ScoreNetwork::potential(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) {
  TORCH_CHECK_VALUE(!options_.vector, "a vector field has no potential");
  const auto s = evaluate_network(shape_, effective_weights(modulation_->weights(mu, t, false)), x);
  if (!quadratic_) return s;
  const auto q = quadratic_->coefficients(mu, t, false);
  return s + QuadraticPotential::potential(q.curvature, q.slope, x);
}

torch::Tensor ScoreNetwork::vector_field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) {
  TORCH_CHECK_VALUE(options_.vector, "a potential is no vector field");
  const auto b = evaluate_network(shape_, effective_weights(modulation_->weights(mu, t, false)), x);
  return quadratic_ ? b + QuadraticPotential::gradient(quadratic_->coefficients(mu, t, false), x) : b;
}

torch::Tensor ScoreNetwork::field(const torch::Tensor& x, const torch::Tensor& mu, double t) {
  return field(x, mu, torch::full({1}, t, mu.options()));
}

torch::Tensor ScoreNetwork::field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) {
  return group_field(x.unsqueeze(0), mu, t).squeeze(0);
}

torch::Tensor ScoreNetwork::group_field(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) {
  const torch::NoGradGuard no_grad;
  if (options_.vector && !x.device().is_cpu()) return vector_field(x, mu, t);
  const auto weights = modulation_->weights(mu, t, false);
  const auto found = x.device().is_cpu() ? fused_gradient(shape_, weights, x) : swept_gradient(shape_, weights, x);
  if (!quadratic_) return found;
  return found + QuadraticPotential::gradient(quadratic_->coefficients(mu, t, false), x);
}

torch::Tensor ScoreNetwork::normalized_mu(const std::vector<double>& mu) const {
  TORCH_CHECK_VALUE(mu.size() == normalizer_.mu_center.size(), "expected ", normalizer_.mu_center.size(),
                    " physics parameters, got ", mu.size());
  return torch::tensor(normalizer_.normalized_mu(mu), torch::kFloat64)
      .unsqueeze(0)
      .to(parameters().front().options().requires_grad(false));
}

std::int64_t ScoreNetwork::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameters()) count += parameter.numel();
  return count;
}

std::int64_t ScoreNetwork::plain_parameter_count() const {
  std::int64_t count = 0;
  for (std::int64_t l = 0; l < shape_.layers(); ++l) count += (shape_.inputs(l) + 1) * shape_.outputs(l);
  return count;
}

}  // namespace scorefield::models
