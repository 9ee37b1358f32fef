#include "models/quadratic_potential.hpp"

#include <torch/types.h>

#include <vector>

#include "models/modulation/plain_layers.hpp"
#include "models/serial_section.hpp"

namespace scorefield::models {

using torch::Tensor;

QuadraticPotential::QuadraticPotential(const ModelOptions& options, const kernels::NetworkShape& shape,
                                       std::int64_t mu_dimension) {
  auto hypernetwork = hypernetwork_options(options, mu_dimension, 2 * shape.dimension());
  hypernetwork.zero_output = true;
  hypernetwork_ = register_module("hypernetwork", std::make_shared<Hypernetwork>(hypernetwork));
  std::vector<float> mask;
  for (int copy = 0; copy < 2; ++copy)
    for (const auto& coordinate : shape.coordinates) mask.push_back(coordinate.angular_frequency == 0 ? 1.0f : 0.0f);
  mask_ = register_buffer("mask", torch::tensor(mask));
}

QuadraticPotential::Coefficients QuadraticPotential::coefficients(const Tensor& mu, const Tensor& t, bool with_rates) {
  const SerialSection serial;
  const auto [value, rate] = hypernetwork_->forward(mu, t, with_rates);
  const auto halves = [&](const Tensor& both) { return (both * mask_).chunk(2, 1); };
  const auto values = halves(value);
  if (!with_rates) return {values[0], values[1], {}, {}};
  const auto rates = halves(rate);
  return {values[0], values[1], rates[0], rates[1]};
}

Tensor QuadraticPotential::potential(const Tensor& curvature, const Tensor& slope, const Tensor& x) {
  return (x * (x * (curvature / 2).unsqueeze(1) + slope.unsqueeze(1))).sum(-1);
}

Tensor QuadraticPotential::gradient(const Coefficients& coefficients, const Tensor& x) {
  return x * coefficients.curvature.unsqueeze(1) + coefficients.slope.unsqueeze(1);
}

}  // namespace scorefield::models
