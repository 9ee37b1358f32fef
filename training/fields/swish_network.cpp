#include "training/fields/swish_network.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/random.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::uint64_t kWeightStream = 0x736465;

/// Normals scaled for a layer of so many inputs (LeCun), a function of the seed alone.
Tensor initial_weights(std::int64_t outputs, std::int64_t inputs, std::uint64_t seed) {
  const Philox random(seed, kWeightStream);
  std::vector<float> values;
  for (std::int64_t i = 0; i < outputs * inputs; ++i)
    values.push_back(
        static_cast<float>(random.normals(static_cast<std::uint64_t>(i))[0] / std::sqrt(static_cast<double>(inputs))));
  return torch::tensor(values).view({outputs, inputs});
}

}  // namespace

SwishNetwork::SwishNetwork(std::int64_t columns, std::int64_t parameters, const SwishShape& shape, std::int64_t outputs,
                           std::uint64_t seed)
    : autonomous_(shape.autonomous) {
  const auto add = [&](const std::string& name, Tensor value) {
    parameters_.emplace_back(name, value.set_requires_grad(true));
  };
  std::int64_t width = columns + parameters + (autonomous_ ? 0 : 1);
  for (std::int64_t layer = 0; layer < shape.depth; ++layer) {
    const auto name = "layer" + std::to_string(layer);
    add(name + ".weight", initial_weights(shape.width, width, seed + static_cast<std::uint64_t>(layer)));
    // Kinks all over the range of the inputs, so that the network bends from the first step on.
    add(name + ".bias", initial_weights(1, shape.width, seed + 500 + static_cast<std::uint64_t>(layer)).view({-1}) *
                            std::sqrt(static_cast<double>(shape.width)));
    width = shape.width;
  }
  add("last.weight", torch::zeros({outputs, width}));
  add("last.bias", torch::zeros({outputs}));
}

Tensor SwishNetwork::inputs(const Tensor& state, const Tensor& mu, const Tensor& t) const {
  return autonomous_ ? torch::cat({state, mu}, 1) : torch::cat({state, mu, 2 * t - 1}, 1);
}

Tensor SwishNetwork::last_hidden(const Tensor& inputs) const {
  Tensor hidden = inputs;
  for (std::size_t next = 0; next + 2 < parameters_.size(); next += 2)
    hidden = torch::silu(torch::addmm(parameters_[next + 1].second, hidden, parameters_[next].second.t()));
  return hidden;
}

Tensor SwishNetwork::of_inputs(const Tensor& inputs) const {
  const std::size_t last = parameters_.size() - 2;
  return torch::addmm(parameters_[last + 1].second, last_hidden(inputs), parameters_[last].second.t());
}

void SwishNetwork::set_last(const Tensor& map) {
  const torch::NoGradGuard no_grad;
  parameters_[parameters_.size() - 2].second.copy_(map);
  parameters_.back().second.zero_();
}

std::int64_t column_count(const std::vector<double>& periods) {
  std::int64_t columns = 0;
  for (const double period : periods) columns += period > 0 ? 2 : 1;
  return columns;
}

Tensor periodic_columns(const Tensor& x, const std::vector<double>& periods) {
  if (std::all_of(periods.begin(), periods.end(), [](double period) { return period <= 0; })) return x;
  std::vector<Tensor> columns;
  for (std::size_t k = 0; k < periods.size(); ++k) {
    const Tensor column = x.narrow(1, static_cast<std::int64_t>(k), 1);
    if (periods[k] > 0) {
      const Tensor angle = column * (2 * std::numbers::pi / periods[k]);
      columns.push_back(angle.sin());
      columns.push_back(angle.cos());
    } else {
      columns.push_back(column);
    }
  }
  return torch::cat(columns, 1);
}

}  // namespace scorefield::training
