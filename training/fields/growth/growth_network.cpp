#include "training/fields/growth/growth_network.hpp"

#include <torch/types.h>

#include <cmath>
#include <numbers>
#include <string>

#include "core/random.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::uint64_t kNetworkStream = 0x736465;

/// Normals scaled for a layer of so many inputs (LeCun), a function of the seed alone.
Tensor first_weights(std::int64_t outputs, std::int64_t inputs, std::uint64_t seed) {
  const Philox random(seed, kNetworkStream);
  std::vector<float> values;
  for (std::int64_t i = 0; i < outputs * inputs; ++i)
    values.push_back(
        static_cast<float>(random.normals(static_cast<std::uint64_t>(i))[0] / std::sqrt(static_cast<double>(inputs))));
  return torch::tensor(values).view({outputs, inputs});
}

}  // namespace

GrowthNetwork::GrowthNetwork(const models::Normalizer& normalizer, const NetworkShape& shape, std::int64_t outputs,
                             std::uint64_t seed)
    : autonomous_(shape.autonomous) {
  std::int64_t inputs = static_cast<std::int64_t>(normalizer.mu_center.size()) + (autonomous_ ? 0 : 1);
  for (std::int64_t k = 0; k < normalizer.dimension(); ++k) {
    periods_.push_back(normalizer.normalized_period(k));
    inputs += periods_.back() > 0 ? 2 : 1;
  }
  const auto add = [&](const std::string& name, Tensor value) {
    parameters_.emplace_back(name, value.set_requires_grad(true));
  };
  std::int64_t width = inputs;
  for (std::int64_t layer = 0; layer < shape.depth; ++layer) {
    const auto name = "layer" + std::to_string(layer);
    add(name + ".weight", first_weights(shape.width, width, seed + static_cast<std::uint64_t>(layer)));
    // Kinks all over the range of the inputs, so that the network bends from the first step on.
    add(name + ".bias", first_weights(1, shape.width, seed + 500 + static_cast<std::uint64_t>(layer)).view({-1}) *
                            std::sqrt(static_cast<double>(shape.width)));
    width = shape.width;
  }
  add("last.weight", torch::zeros({outputs, width}));
  add("last.bias", torch::zeros({outputs}));
  add("linear.weight", torch::zeros({outputs, inputs}));
}

Tensor GrowthNetwork::features(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  std::vector<Tensor> columns;
  for (std::size_t k = 0; k < periods_.size(); ++k) {
    const Tensor column = x.narrow(1, static_cast<std::int64_t>(k), 1);
    if (periods_[k] > 0) {
      const Tensor angle = column * (2 * std::numbers::pi / periods_[k]);
      columns.push_back(angle.sin());
      columns.push_back(angle.cos());
    } else {
      columns.push_back(column);
    }
  }
  columns.push_back(mu);
  if (!autonomous_) columns.push_back(2 * t - 1);
  return torch::cat(columns, 1);
}

Tensor GrowthNetwork::last_hidden(const Tensor& inputs) const {
  Tensor hidden = inputs;
  for (std::size_t next = 0; next + 3 < parameters_.size(); next += 2)
    hidden = torch::silu(torch::addmm(parameters_[next + 1].second, hidden, parameters_[next].second.t()));
  return hidden;
}

Tensor GrowthNetwork::operator()(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor inputs = features(x, mu, t);
  const std::size_t last = parameters_.size() - 3;
  return torch::addmm(parameters_[last + 1].second, last_hidden(inputs), parameters_[last].second.t()) +
         inputs.matmul(parameters_[last + 2].second.t());
}

}  // namespace scorefield::training
