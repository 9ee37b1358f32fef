#include "models/field_divergence.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "models/sweeps/tensor_features.hpp"

namespace scorefield::models {
namespace {

/// Values of all tangents of one chunk that are held at once.
constexpr std::int64_t kHeldTangents = std::int64_t{1} << 22;

/// directions: [D, N or 1, d]; the divergence is their sum of xi.(db/dx) xi.
FieldAndDivergence chunk_divergence(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                                    const torch::Tensor& x, const torch::Tensor& directions) {
  auto h = network_features(shape, x);
  auto tangent =
      to_features(shape, directions).unsqueeze(0) * feature_derivatives(shape, x).first.unsqueeze(1);  // [G, D, N, f]
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const auto transposed = weights[l].weight.transpose(1, 2);  // [G, in, out]
    h = torch::baddbmm(weights[l].bias.unsqueeze(1), h, transposed);
    tangent = torch::matmul(tangent, transposed.unsqueeze(1));
    if (l + 1 == weights.size()) break;
    const auto sigma = h.sigmoid();
    tangent = tangent * (sigma * (1 + h * (1 - sigma))).unsqueeze(1);
    h = h * sigma;
  }
  return {h, (tangent * directions.unsqueeze(0)).sum({1, 3})};
}

}  // namespace

FieldAndDivergence field_and_divergence(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                        const torch::Tensor& x, const torch::Tensor& probes) {
  TORCH_CHECK_VALUE(shape.components == shape.dimension(), "a divergence needs a vector field");
  TORCH_CHECK_VALUE(x.dim() == 3 && x.size(2) == shape.dimension(), "field_and_divergence expects x [G, N, ",
                    shape.dimension(), "], got ", x.sizes());
  const torch::NoGradGuard no_grad;
  const auto effective = effective_weights(weights);
  const auto units = torch::eye(shape.dimension(), x.options()).unsqueeze(1);
  const std::int64_t count = probes.defined() ? probes.size(0) : shape.dimension();
  const std::int64_t chunk = std::max<std::int64_t>(1, kHeldTangents / (x.size(0) * shape.width * (count + 1)));
  std::vector<torch::Tensor> fields, divergences;
  for (std::int64_t first = 0; first < x.size(1); first += chunk) {
    const std::int64_t n = std::min(chunk, x.size(1) - first);
    auto part = chunk_divergence(shape, effective, x.narrow(1, first, n),
                                 probes.defined() ? probes.narrow(1, first, n) : units);
    fields.push_back(std::move(part.field));
    divergences.push_back(std::move(part.divergence));
  }
  const auto divergence = torch::cat(divergences, 1);
  return {torch::cat(fields, 1), probes.defined() ? divergence / static_cast<double>(count) : divergence};
}

}  // namespace scorefield::models
