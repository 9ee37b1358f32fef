#include "training/fields/sde/sde_network.hpp"

#include <torch/types.h>

#include <cmath>
#include <string>
#include <vector>

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

SdeNetwork::SdeNetwork(std::int64_t columns, std::int64_t parameters, const SdeOptions& options, std::int64_t outputs,
                       std::uint64_t seed)
    : autonomous_(options.autonomous) {
  const auto add = [&](const std::string& name, Tensor value) {
    parameters_.emplace_back(name, value.set_requires_grad(true));
  };
  std::int64_t width = columns + parameters + (autonomous_ ? 0 : 1);
  for (std::int64_t layer = 0; layer < options.depth; ++layer) {
    const auto name = "layer" + std::to_string(layer);
    add(name + ".weight", initial_weights(options.width, width, seed + static_cast<std::uint64_t>(layer)));
    // Kinks all over the range of the inputs, so that the network bends from the first step on.
    add(name + ".bias", initial_weights(1, options.width, seed + 500 + static_cast<std::uint64_t>(layer)).view({-1}) *
                            std::sqrt(static_cast<double>(options.width)));
    width = options.width;
  }
  add("last.weight", torch::zeros({outputs, width}));
  add("last.bias", torch::zeros({outputs}));
}

Tensor SdeNetwork::last_hidden(const Tensor& state, const Tensor& mu, const Tensor& t) const {
  Tensor hidden = autonomous_ ? torch::cat({state, mu}, 1) : torch::cat({state, mu, 2 * t - 1}, 1);
  for (std::size_t next = 0; next + 2 < parameters_.size(); next += 2)
    hidden = torch::silu(torch::addmm(parameters_[next + 1].second, hidden, parameters_[next].second.t()));
  return hidden;
}

Tensor SdeNetwork::operator()(const Tensor& state, const Tensor& mu, const Tensor& t) const {
  const std::size_t last = parameters_.size() - 2;
  return torch::addmm(parameters_[last + 1].second, last_hidden(state, mu, t), parameters_[last].second.t());
}

void SdeNetwork::set_last(const Tensor& map) {
  const torch::NoGradGuard no_grad;
  parameters_[parameters_.size() - 2].second.copy_(map);
  parameters_.back().second.zero_();
}

}  // namespace scorefield::training
