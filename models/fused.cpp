#include "models/fused.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include "models/kernels/sweeps.hpp"

namespace scorefield::models {
namespace {

using kernels::GroupSums;
using kernels::GroupTerms;
using kernels::LayerArrays;
using kernels::NetworkShape;

/// Tensors per layer in the flat list that goes through autograd.
constexpr std::size_t kTensorsPerLayer = 5;

std::vector<torch::Tensor> flatten(const EffectiveWeights& weights) {
  std::vector<torch::Tensor> flat;
  for (const auto& layer : weights)
    for (const auto& tensor : {layer.weight, layer.bias, layer.rate_left, layer.rate_right, layer.bias_rate})
      flat.push_back(tensor.defined() ? tensor.contiguous() : torch::empty({0}, layer.weight.options()));
  return flat;
}

template <class T>
T* pointer(const torch::Tensor& tensor) {
  return tensor.numel() > 0 ? const_cast<T*>(tensor.const_data_ptr<std::remove_const_t<T>>()) : nullptr;
}

/// Views of the five tensors of every layer; `shared_right`: rate_right has no group dimension.
template <class T>
std::vector<LayerArrays<T>> arrays_of(const std::vector<torch::Tensor>& flat, bool shared_right) {
  std::vector<LayerArrays<T>> arrays;
  for (std::size_t i = 0; i < flat.size(); i += kTensorsPerLayer) {
    LayerArrays<T> layer;
    const auto &weight = flat[i], &bias = flat[i + 1], &left = flat[i + 2], &right = flat[i + 3], &rate = flat[i + 4];
    layer.weight = pointer<T>(weight);
    layer.bias = pointer<T>(bias);
    layer.rate_left = pointer<T>(left);
    layer.rate_right = pointer<T>(right);
    layer.bias_rate = pointer<T>(rate);
    layer.weight_stride = weight.size(1) * weight.size(2);
    layer.bias_stride = layer.bias_rate_stride = weight.size(1);
    if (layer.rate_left) {
      layer.rate_rank = left.size(2);
      layer.rate_left_stride = left.size(1) * left.size(2);
      layer.rate_right_stride = shared_right ? 0 : right.size(1) * right.size(2);
    }
    arrays.push_back(layer);
  }
  return arrays;
}

void check_points(const NetworkShape& shape, const EffectiveWeights& weights, const torch::Tensor& x) {
  TORCH_CHECK_VALUE(x.dim() == 3 && x.size(2) == shape.dimension(), "fused kernels expect x [G, N, ", shape.dimension(),
                    "], got ", x.sizes());
  TORCH_CHECK_VALUE(x.device().is_cpu() && (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kFloat64),
                    "fused kernels expect float32 or float64 on the CPU, got ", x.scalar_type(), " on ", x.device());
  const auto layers = static_cast<std::size_t>(shape.layers());
  TORCH_CHECK_VALUE(weights.size() == layers, "expected ", layers, " layers, got ", weights.size());
  for (std::size_t l = 0; l < layers; ++l)
    TORCH_CHECK_VALUE(weights[l].weight.sizes() ==
                              torch::IntArrayRef({x.size(0), shape.outputs(static_cast<std::int64_t>(l)),
                                                  shape.inputs(static_cast<std::int64_t>(l))}) &&
                          weights[l].weight.scalar_type() == x.scalar_type(),
                      "effective weight of layer ", l, " is ", weights[l].weight.sizes(), " ",
                      weights[l].weight.scalar_type(), " for x ", x.sizes(), " ", x.scalar_type());
}

/// Gradients of every tensor of the flat list, per group also for the shared right factor.
std::vector<torch::Tensor> make_gradients(const std::vector<torch::Tensor>& flat) {
  std::vector<torch::Tensor> gradients;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const auto& tensor = flat[i];
    const bool is_right = i % kTensorsPerLayer == 3 && tensor.numel() > 0;
    gradients.push_back(is_right ? torch::empty({flat[i - 3].size(0), tensor.size(0), tensor.size(1)}, tensor.options())
                                 : torch::empty_like(tensor));
  }
  return gradients;
}

struct FusedObjective : public torch::autograd::Function<FusedObjective> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, at::TensorList flat_list,
                               const torch::Tensor& x, const torch::Tensor& velocity, const NetworkShape* shape,
                               const std::vector<GroupTerms>* terms, std::vector<GroupSums>* sums) {
    const std::vector<torch::Tensor> flat = flat_list.vec();
    auto gradients = make_gradients(flat);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "fused_objective", [&] {
      const auto layers = arrays_of<const scalar_t>(flat, true);
      const auto targets = arrays_of<scalar_t>(gradients, false);
      *sums = kernels::parameter_gradient<scalar_t>(*shape, layers, *terms, x.size(1), x.const_data_ptr<scalar_t>(),
                                                    pointer<const scalar_t>(velocity), targets);
    });
    for (std::size_t i = 3; i < gradients.size(); i += kTensorsPerLayer)
      if (gradients[i].numel() > 0) gradients[i] = gradients[i].sum(0);
    context->saved_data["gradients"] = gradients;
    double total = 0;
    for (std::size_t g = 0; g < terms->size(); ++g) {
      const auto& term = (*terms)[g];
      const auto& sum = (*sums)[g];
      total += term.scale * (term.kinetic * sum.kinetic + term.velocity * sum.velocity + term.time * sum.time +
                             term.potential * sum.potential);
    }
    return torch::scalar_tensor(total, x.options());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grad_output) {
    auto gradients = context->saved_data["gradients"].toTensorVector();
    for (auto& gradient : gradients) gradient.mul_(grad_output[0]);
    gradients.resize(gradients.size() + 5);  // x, velocity and the plain arguments have none
    return gradients;
  }
};

}  // namespace

torch::Tensor fused_objective(const NetworkShape& shape, const EffectiveWeights& weights,
                              const std::vector<GroupTerms>& terms, const torch::Tensor& x,
                              const torch::Tensor& velocity, std::vector<GroupSums>* sums) {
  check_points(shape, weights, x);
  TORCH_CHECK_VALUE(static_cast<std::int64_t>(terms.size()) == x.size(0), "expected terms of ", x.size(0),
                    " groups, got ", terms.size());
  TORCH_CHECK_VALUE(!velocity.defined() || velocity.sizes() == x.sizes(), "velocity must have the shape of x");
  std::vector<GroupSums> own_sums;
  const auto flat = flatten(weights);
  return FusedObjective::apply(at::TensorList(flat), x.contiguous(),
                               velocity.defined() ? velocity.contiguous() : torch::empty({0}, x.options()), &shape,
                               &terms, sums ? sums : &own_sums);
}

PotentialAndGradient fused_potential_and_gradient(const NetworkShape& shape, const EffectiveWeights& weights,
                                                  const torch::Tensor& x) {
  check_points(shape, weights, x);
  const auto points = x.contiguous();
  PotentialAndGradient result{torch::empty({x.size(0), x.size(1)}, x.options()), torch::empty_like(points)};
  std::vector<torch::Tensor> flat;
  for (const auto& tensor : flatten(weights)) flat.push_back(tensor.detach());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "fused_potential_and_gradient", [&] {
    const auto layers = arrays_of<const scalar_t>(flat, true);
    kernels::potential_and_gradient<scalar_t>(shape, layers, x.size(0), x.size(1), points.const_data_ptr<scalar_t>(),
                                              result.potential.data_ptr<scalar_t>(), result.gradient.data_ptr<scalar_t>());
  });
  return result;
}

}  // namespace scorefield::models
