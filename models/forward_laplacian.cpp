#include "models/forward_laplacian.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "models/sweeps/tensor_features.hpp"

namespace scorefield::models {
namespace {

/// Values of all streams of one chunk that are held at once.
constexpr std::int64_t kHeldValues = std::int64_t{1} << 22;

/// Features e(x) of every point, their derivatives [G, d, N, f] and Laplacian [G, N, f]: a feature depends on one
/// coordinate.
struct FeatureJet {
  torch::Tensor value, slope, curvature;
};

FeatureJet feature_jet(const kernels::NetworkShape& shape, const torch::Tensor& x) {
  const auto [first, second] = feature_derivatives(shape, x);
  FeatureJet jet{network_features(shape, x),
                 torch::zeros({x.size(0), shape.dimension(), x.size(1), shape.features()}, x.options()), second};
  std::int64_t start = 0;
  for (std::int64_t c = 0; c < shape.dimension(); ++c) {
    const auto count = shape.coordinates[static_cast<std::size_t>(c)].count();
    jet.slope.select(1, c).narrow(-1, start, count).copy_(first.narrow(-1, start, count));
    start += count;
  }
  return jet;
}

GradientAndLaplacian chunk_laplacian(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                                     const torch::Tensor& x) {
  auto [h, slope, curvature] = feature_jet(shape, x);
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const auto transposed = weights[l].weight.transpose(1, 2);  // [G, in, out]
    h = torch::baddbmm(weights[l].bias.unsqueeze(1), h, transposed);
    slope = torch::matmul(slope, transposed.unsqueeze(1));
    curvature = torch::bmm(curvature, transposed);
    if (l + 1 == weights.size()) break;
    const auto sigma = h.sigmoid();
    const auto first = sigma * (1 + h * (1 - sigma));
    const auto second = sigma * (1 - sigma) * (2 + h * (1 - 2 * sigma));
    curvature = first * curvature + second * slope.square().sum(1);
    slope = slope * first.unsqueeze(1);
    h = h * sigma;
  }
  return {slope.squeeze(-1).transpose(1, 2), curvature.squeeze(-1)};
}

}  // namespace

GradientAndLaplacian forward_laplacian(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                       const torch::Tensor& x) {
  TORCH_CHECK_VALUE(x.dim() == 3 && x.size(2) == shape.dimension(), "forward_laplacian expects x [G, N, ",
                    shape.dimension(), "], got ", x.sizes());
  const torch::NoGradGuard no_grad;
  const auto effective = effective_weights(weights);
  const std::int64_t per_point = x.size(0) * shape.width * (shape.dimension() + 2);
  const std::int64_t chunk = std::max<std::int64_t>(1, kHeldValues / per_point);
  std::vector<torch::Tensor> gradients, laplacians;
  for (const auto& part : x.split(chunk, 1)) {
    auto result = chunk_laplacian(shape, effective, part);
    gradients.push_back(std::move(result.gradient));
    laplacians.push_back(std::move(result.laplacian));
  }
  return {torch::cat(gradients, 1), torch::cat(laplacians, 1)};
}

}  // namespace scorefield::models
