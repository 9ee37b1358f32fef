#include "models/sweeps/fused.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include "models/sweeps/saved_gradients.hpp"
#include "models/sweeps/sweeps.hpp"

namespace scorefield::models {
namespace {

using kernels::GroupSums;
using kernels::GroupTerms;
using kernels::NetworkShape;

/// All tensors in the flat list that goes through autograd; absent ones are empty.
std::vector<torch::Tensor> flatten(const ModulatedWeights& weights) {
  std::vector<torch::Tensor> flat;
  const auto options = weights.values.options();
  for_each_tensor(weights, [&](const torch::Tensor& tensor) {
    flat.push_back(tensor.defined() ? tensor.contiguous() : torch::empty({0}, options));
  });
  return flat;
}

/// `weights` with the tensors of a flat list.
ModulatedWeights unflatten(ModulatedWeights weights, const std::vector<torch::Tensor>& flat) {
  auto next = flat.begin();
  for_each_tensor(weights, [&](torch::Tensor& tensor) { tensor = *next++; });
  return weights;
}

template <class T>
T* pointer(const torch::Tensor& tensor) {
  if (!tensor.defined() || tensor.numel() == 0) return nullptr;
  return const_cast<T*>(tensor.const_data_ptr<std::remove_const_t<T>>());
}

/// [rows, columns], or [G, rows, columns] where the groups have their own.
template <class T>
kernels::GroupArray<T> matrix(const torch::Tensor& tensor) {
  if (!tensor.defined() || tensor.numel() == 0) return {};
  return {pointer<T>(tensor), tensor.dim() > 2 ? tensor.stride(0) : 0, tensor.size(-2), tensor.size(-1)};
}
/// [columns] or [G, columns].
template <class T>
kernels::GroupArray<T> row(const torch::Tensor& tensor) {
  if (!tensor.defined() || tensor.numel() == 0) return {};
  return {pointer<T>(tensor), tensor.dim() > 1 ? tensor.stride(0) : 0, 1, tensor.size(-1)};
}

/// The kernels' view of contiguous tensors.
template <class T>
kernels::LayerWeights<kernels::GroupArray<T>> arrays_of(const ModulatedWeights& weights) {
  kernels::LayerWeights<kernels::GroupArray<T>> arrays;
  for (const auto& layer : weights.layers)
    arrays.layers.push_back({matrix<T>(layer.weight), row<T>(layer.bias), matrix<T>(layer.left), matrix<T>(layer.right),
                             matrix<T>(layer.bias_map), matrix<T>(layer.weight_rate), row<T>(layer.bias_rate),
                             layer.scale_start, layer.latent_start});
  arrays.values = row<T>(weights.values);
  arrays.rates = row<T>(weights.rates);
  return arrays;
}

void check_points(const NetworkShape& shape, const ModulatedWeights& weights, const torch::Tensor& x) {
  TORCH_CHECK_VALUE(x.dim() == 3 && x.size(2) == shape.dimension(), "fused kernels expect x [G, N, ", shape.dimension(),
                    "], got ", x.sizes());
  TORCH_CHECK_VALUE(x.device().is_cpu() && (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kFloat64),
                    "fused kernels expect float32 or float64 on the CPU, got ", x.scalar_type(), " on ", x.device());
  const auto layers = static_cast<std::size_t>(shape.layers());
  TORCH_CHECK_VALUE(weights.layers.size() == layers, "expected ", layers, " layers, got ", weights.layers.size());
  TORCH_CHECK_VALUE(weights.values.dim() == 2 && weights.values.size(0) == x.size(0) &&
                        weights.values.scalar_type() == x.scalar_type(),
                    "modulation values are ", weights.values.sizes(), " ", weights.values.scalar_type(), " for x ",
                    x.sizes(), " ", x.scalar_type());
  for (std::size_t l = 0; l < layers; ++l) {
    const auto& weight = weights.layers[l].weight;
    TORCH_CHECK_VALUE(weight.dim() >= 2 && weight.size(-2) == shape.outputs(static_cast<std::int64_t>(l)) &&
                          weight.size(-1) == shape.inputs(static_cast<std::int64_t>(l)) &&
                          (weight.dim() == 2 || weight.size(0) == x.size(0)),
                      "weight of layer ", l, " is ", weight.sizes(), " for x ", x.sizes());
  }
}

template <class T>
kernels::PointArrays<T> points_of(const torch::Tensor& x) {
  kernels::PointArrays<T> points;
  points.groups = x.size(0);
  points.count = x.size(1);
  points.x = x.const_data_ptr<T>();
  return points;
}

/// Arguments of one evaluation that autograd does not see.
struct Call {
  const NetworkShape* shape;
  const ModulatedWeights* weights;
  const std::vector<GroupTerms>* terms;
  const GroupPoints* points;
  std::vector<GroupSums>* sums;
};

double total_of(const std::vector<GroupTerms>& terms, const std::vector<GroupSums>& sums) {
  double total = 0;
  for (std::size_t g = 0; g < terms.size(); ++g)
    total += terms[g].scale *
             (terms[g].kinetic * sums[g].kinetic + terms[g].velocity * sums[g].velocity + sums[g].transport +
              terms[g].potential * sums[g].potential + terms[g].reaction * sums[g].reaction);
  return total;
}

/// scale velocity, [G, 1, 1]: what a group's grad_x s is multiplied by in the derivative with respect to X'.
torch::Tensor velocity_weights(const std::vector<GroupTerms>& terms, const torch::TensorOptions& options) {
  std::vector<double> weights;
  for (const auto& term : terms) weights.push_back(term.scale * term.velocity);
  return torch::tensor(weights, torch::kFloat64).to(options).view({-1, 1, 1});
}

struct FusedObjective : public torch::autograd::Function<FusedObjective> {
  /// The list holds the weights and, where it has a gradient, the velocity.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, at::TensorList tensor_list,
                               const Call* call) {
    std::vector<torch::Tensor> tensors = tensor_list.vec();
    torch::Tensor field;  // grad_x s
    if (call->points->velocity.defined() && call->points->velocity.requires_grad()) {
      tensors.pop_back();
      field = torch::empty_like(call->points->x);
    }
    std::vector<torch::Tensor> gradients;
    for (const auto& tensor : tensors) gradients.push_back(torch::zeros_like(tensor));
    const auto& x = call->points->x;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "fused_objective", [&] {
      auto points = points_of<scalar_t>(x);
      points.velocity = pointer<const scalar_t>(call->points->velocity);
      points.probes = pointer<const scalar_t>(call->points->probes);
      if (points.probes) points.probe_count = call->points->probes.size(0);
      points.gauge = pointer<const scalar_t>(call->points->gauge);
      if (points.gauge) points.gauge_count = call->points->gauge.size(0);
      points.gradient = pointer<scalar_t>(field);
      const auto weights = arrays_of<const scalar_t>(unflatten(*call->weights, tensors));
      const auto targets = arrays_of<scalar_t>(unflatten(*call->weights, gradients));
      *call->sums = kernels::parameter_gradient<scalar_t>(*call->shape, weights, *call->terms, points, targets);
    });
    if (field.defined()) gradients.push_back(field.mul_(velocity_weights(*call->terms, x.options())));
    save_gradients(context, gradients);
    // Converted as a tensor: as a number, one beyond float32 would be refused in words about types.
    return torch::scalar_tensor(total_of(*call->terms, *call->sums), torch::kFloat64).to(x.options());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grad_output) {
    return scaled_gradients(context, grad_output);
  }
};

}  // namespace

GaugeGroups gauge_groups(const torch::Tensor& gauge, std::vector<kernels::GroupTerms> terms, std::int64_t particles) {
  const auto groups = static_cast<std::int64_t>(terms.size()), points = gauge.size(0);
  const double ratio = static_cast<double>(particles) / static_cast<double>(points);
  for (auto& group : terms)
    group = {.kinetic = 0, .time = -ratio * group.time, .potential = -ratio * group.potential, .scale = group.scale};
  return {gauge.unsqueeze(0).expand({groups, points, gauge.size(1)}).contiguous(), std::move(terms)};
}

torch::Tensor fused_objective(const NetworkShape& shape, const ModulatedWeights& weights,
                              const std::vector<GroupTerms>& terms, const GroupPoints& points,
                              std::vector<GroupSums>* sums) {
  const auto& x = points.x;
  check_points(shape, weights, x);
  TORCH_CHECK_VALUE(static_cast<std::int64_t>(terms.size()) == x.size(0), "expected terms of ", x.size(0),
                    " groups, got ", terms.size());
  if (shape.components > 0)
    for (const auto& term : terms)
      TORCH_CHECK_VALUE(term.time == 0 && term.laplacian == 0 && term.potential == 0,
                        "a vector field has no other terms than kinetic and velocity");
  TORCH_CHECK_VALUE(!points.velocity.defined() || points.velocity.sizes() == x.sizes(),
                    "velocity must have the shape of x");
  TORCH_CHECK_VALUE(!points.probes.defined() || (points.probes.dim() == 4 && points.probes[0].sizes() == x.sizes()),
                    "probes must be [P, G, N, d] for x [G, N, d]");
  TORCH_CHECK_VALUE(!points.gauge.defined() || (points.gauge.dim() == 2 && points.gauge.size(1) == x.size(2)),
                    "gauge points must be [R, d] for x [G, N, d]");
  GroupPoints contiguous{x.contiguous(), points.velocity, points.probes, points.gauge};
  if (contiguous.velocity.defined()) contiguous.velocity = contiguous.velocity.contiguous();
  if (contiguous.probes.defined()) contiguous.probes = contiguous.probes.contiguous();
  if (contiguous.gauge.defined()) contiguous.gauge = contiguous.gauge.contiguous();
  std::vector<GroupSums> own_sums;
  auto flat = flatten(weights);
  if (contiguous.velocity.defined() && contiguous.velocity.requires_grad()) flat.push_back(contiguous.velocity);
  const Call call{&shape, &weights, &terms, &contiguous, sums ? sums : &own_sums};
  return FusedObjective::apply(at::TensorList(flat), &call);
}

namespace {

void evaluate(const NetworkShape& shape, const ModulatedWeights& weights, const torch::Tensor& x,
              const torch::Tensor& potential, const torch::Tensor& gradient) {
  check_points(shape, weights, x);
  const auto contiguous = x.contiguous();
  const auto tensors = unflatten(weights, flatten(weights));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "fused_evaluation", [&] {
    auto points = points_of<scalar_t>(contiguous);
    points.potential = pointer<scalar_t>(potential);
    points.gradient = pointer<scalar_t>(gradient);
    kernels::potential_and_gradient<scalar_t>(shape, arrays_of<const scalar_t>(tensors), points);
  });
}

}  // namespace

torch::Tensor fused_potential(const NetworkShape& shape, const ModulatedWeights& weights, const torch::Tensor& x) {
  TORCH_CHECK_VALUE(shape.components == 0, "a vector field has no potential");
  const auto potential = torch::empty({x.size(0), x.size(1)}, x.options());
  evaluate(shape, weights, x, potential, {});
  return potential;
}

torch::Tensor fused_gradient(const NetworkShape& shape, const ModulatedWeights& weights, const torch::Tensor& x) {
  const auto gradient = torch::empty_like(x, at::MemoryFormat::Contiguous);
  evaluate(shape, weights, x, {}, gradient);
  return gradient;
}

}  // namespace scorefield::models
