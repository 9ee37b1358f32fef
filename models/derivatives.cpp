#include "models/derivatives.hpp"

#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/random.hpp"

namespace scorefield::models {
namespace {

/// Separates the probes from every other use of the same seed.
constexpr std::uint64_t kProbeStream = std::uint64_t{0x72} << 56;

/// x as something to differentiate with respect to: itself when a graph already reaches it, else a fresh leaf.
torch::Tensor as_variable(const torch::Tensor& x) { return x.requires_grad() ? x : x.detach().requires_grad_(); }

torch::Tensor checked(const torch::Tensor& value, const torch::Tensor& x) {
  TORCH_CHECK_VALUE(value.dim() == 1 && value.size(0) == x.size(0), "potential returned ", value.sizes(), " for x ",
                    x.sizes(), ", expected [", x.size(0), "]: one value per sample");
  return value;
}

void check_samples(const torch::Tensor& x) {
  TORCH_CHECK_VALUE(x.dim() == 2 && x.is_floating_point(), "x is ", x.sizes(), " ", x.scalar_type(),
                    ", expected [B, d] of a floating type");
}

/// Derivative of sum(value * weight) with respect to x; zeros when value does not depend on x (linear potentials have
/// no second derivative to follow).
torch::Tensor derivative(const torch::Tensor& value, const torch::Tensor& x, bool create_graph, bool retain_graph,
                         const torch::Tensor& weight = {}) {
  if (!value.requires_grad()) return torch::zeros_like(x);
  const auto result = torch::autograd::grad({value}, {x}, {weight.defined() ? weight : torch::ones_like(value)},
                                            retain_graph, create_graph, /*allow_unused=*/true)[0];
  return result.defined() ? result : torch::zeros_like(x);
}

torch::Tensor finished(const torch::Tensor& result, bool create_graph) {
  return create_graph ? result : result.detach();
}

}  // namespace

torch::Tensor gradient(const Potential& potential, const torch::Tensor& x, bool create_graph) {
  check_samples(x);
  const torch::AutoGradMode enable(true);
  const torch::Tensor variable = as_variable(x);
  return finished(derivative(checked(potential(variable), x), variable, create_graph, create_graph), create_graph);
}

torch::Tensor time_derivative(const TimePotential& potential, const torch::Tensor& x, const torch::Tensor& t,
                              bool create_graph) {
  check_samples(x);
  TORCH_CHECK_VALUE(t.dim() == 1 && t.size(0) == x.size(0), "t is ", t.sizes(), ", expected [", x.size(0), "]");
  const torch::AutoGradMode enable(true);
  const torch::Tensor variable = as_variable(t);
  return finished(derivative(checked(potential(x, variable), x), variable, create_graph, create_graph), create_graph);
}

torch::Tensor laplacian_exact(const Potential& potential, const torch::Tensor& x, bool create_graph) {
  check_samples(x);
  const torch::AutoGradMode enable(true);
  const torch::Tensor variable = as_variable(x);
  const torch::Tensor slope = derivative(checked(potential(variable), x), variable, true, true);
  torch::Tensor sum = torch::zeros({x.size(0)}, x.options().requires_grad(false));
  for (std::int64_t j = 0; j < x.size(1); ++j)
    sum = sum + derivative(slope.select(1, j), variable, create_graph, true).select(1, j);
  return finished(sum, create_graph);
}

torch::Tensor laplacian_hutchinson(const Potential& potential, const torch::Tensor& x, const torch::Tensor& probes,
                                   bool create_graph) {
  check_samples(x);
  TORCH_CHECK_VALUE(probes.dim() == 3 && probes.size(0) > 0 && probes[0].sizes() == x.sizes(), "probes are ",
                    probes.sizes(), ", expected [P, ", x.size(0), ", ", x.size(1), "] with P >= 1");
  const torch::AutoGradMode enable(true);
  const torch::Tensor variable = as_variable(x);
  const torch::Tensor slope = derivative(checked(potential(variable), x), variable, true, true);
  torch::Tensor sum = torch::zeros({x.size(0)}, x.options().requires_grad(false));
  for (const torch::Tensor& probe : probes.unbind(0))
    sum = sum + (derivative(slope, variable, create_graph, true, probe) * probe).sum(1);
  return finished(sum / probes.size(0), create_graph);
}

torch::Tensor rademacher_probes(std::int64_t count, const torch::Tensor& x, std::uint64_t seed, std::uint64_t step) {
  const Philox random(seed, kProbeStream ^ step);
  torch::Tensor signs = torch::empty({count, x.size(0), x.size(1)}, torch::kFloat32);
  auto* const values = signs.data_ptr<float>();
  const std::int64_t total = signs.numel();
  for (std::int64_t i = 0; i < total; i += 128) {
    const auto words = random.words(static_cast<std::uint64_t>(i / 128));
    for (std::int64_t j = 0; j < 128 && i + j < total; ++j)
      values[i + j] = (words[static_cast<std::size_t>(j / 32)] >> (j % 32)) & 1u ? 1.0f : -1.0f;
  }
  return signs.to(x.options().requires_grad(false));
}

}  // namespace scorefield::models
