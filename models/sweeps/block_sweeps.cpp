#include "models/sweeps/block_sweeps.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "models/device_graph.hpp"
#include "models/sweeps/block/block_kernels.hpp"

namespace scorefield::models {
namespace {

using kernels::BlockCall;
using kernels::NetworkShape;
using torch::Tensor;

/// A call, and the tensors that it points to.
template <class T>
struct HeldCall {
  BlockCall<T> call;
  std::vector<Tensor> held;

  const T* keep(const Tensor& tensor) {
    if (!tensor.defined() || tensor.numel() == 0) return nullptr;
    held.push_back(tensor.contiguous());
    return held.back().template const_data_ptr<T>();
  }
  T* make(Tensor& tensor, at::IntArrayRef sizes, const torch::TensorOptions& options) {
    tensor = torch::zeros(sizes, options);
    return tensor.template mutable_data_ptr<T>();
  }
};

template <class T>
void set_features(BlockCall<T>& call, const NetworkShape& shape) {
  int f = 0, c = 0;
  for (const auto& coordinate : shape.coordinates) {
    call.first_feature[c] = f;
    if (coordinate.angular_frequency == 0) call.feature[f++] = {c, 0, T(0)};
    for (int k = 1; coordinate.angular_frequency != 0 && k <= coordinate.harmonics; ++k)
      for (const int harmonic : {k, -k})
        call.feature[f++] = {c, harmonic, static_cast<T>(coordinate.angular_frequency)};
    call.first_feature[++c] = f;
  }
}

Tensor transposed(const Tensor& weight) { return weight.defined() ? weight.transpose(1, 2).contiguous() : weight; }

template <class T>
HeldCall<T> make_call(const NetworkShape& shape, const std::vector<SweepLayer>& layers, const Tensor& x) {
  HeldCall<T> made;
  auto& call = made.call;
  call.dimension = static_cast<int>(shape.dimension());
  call.features = static_cast<int>(shape.features());
  call.width = static_cast<int>(shape.width);
  call.hidden = static_cast<int>(shape.hidden_layers);
  call.groups = x.size(0);
  call.points = x.size(1);
  call.x = made.keep(x);
  set_features(call, shape);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& layer = layers[l];
    auto& to = call.layers[l];
    to.out = static_cast<int>(layer.weight.size(1));
    to.in = static_cast<int>(layer.weight.size(2));
    to.rank = layer.left.defined() ? static_cast<int>(layer.left.size(2)) : 0;
    call.max_rank = std::max(call.max_rank, to.rank);
    to.weight = made.keep(layer.weight);
    to.transposed = made.keep(transposed(layer.weight));
    to.bias = made.keep(layer.bias);
    to.left = made.keep(layer.left);
    to.right = made.keep(layer.right);
    to.weight_rate = made.keep(layer.weight_rate);
    to.weight_rate_transposed = made.keep(transposed(layer.weight_rate));
    to.bias_rate = made.keep(layer.bias_rate);
  }
  return made;
}

/// Chooses the ranges of each group's points: on the CPU two, so that tests see sums over ranges.
template <class T>
void divide_points(BlockCall<T>& call, torch::Device device) {
  const std::int64_t tile = kernels::kBlockPoints, tiles = (call.points + tile - 1) / tile;
  const std::int64_t wanted =
      device.is_cpu() ? std::min<std::int64_t>(2, tiles) : kernels::device_ranges(call.groups, call.points);
  call.range_points = (tiles + wanted - 1) / wanted * tile;
  call.ranges = (call.points + call.range_points - 1) / call.range_points;
}

template <class T>
void run(BlockCall<T>& call, const torch::TensorOptions& options) {
  if (options.device().is_cpu()) return kernels::run_blocks_on_host(call);
  const auto plan = kernels::plan_blocks(call);
  const auto scratch = torch::empty({plan.scratch_elements}, options);
  call.scratch = scratch.template mutable_data_ptr<T>();
  kernels::run_blocks_on_device(call, plan, device_stream(options.device()));
}

/// Gradients of all slots of a layer, zero.
template <class T>
SweepLayer make_gradients(HeldCall<T>& made, std::size_t l, const torch::TensorOptions& options) {
  auto& layer = made.call.layers[l];
  const std::int64_t slots = made.call.slots(), out = layer.out, in = layer.in, rank = layer.rank;
  SweepLayer gradients;
  layer.d_weight = made.make(gradients.weight, {slots, out, in}, options);
  layer.d_bias = made.make(gradients.bias, {slots, out}, options);
  if (!made.call.rates) return gradients;
  layer.d_bias_rate = made.make(gradients.bias_rate, {slots, out}, options);
  if (layer.weight_rate) layer.d_weight_rate = made.make(gradients.weight_rate, {slots, out, in}, options);
  if (rank > 0) {
    layer.d_left = made.make(gradients.left, {slots, out, rank}, options);
    layer.d_right = made.make(gradients.right, {slots, rank, in}, options);
  }
  return gradients;
}

/// The slots' gradients added: of each group, and over all groups for the factor that they share.
void add_slots(SweepLayer& gradients, std::int64_t groups, std::int64_t ranges) {
  for (Tensor* tensor :
       {&gradients.weight, &gradients.bias, &gradients.left, &gradients.weight_rate, &gradients.bias_rate})
    if (tensor->defined() && ranges > 1) *tensor = tensor->unflatten(0, {groups, ranges}).sum(1);
  if (gradients.right.defined()) gradients.right = gradients.right.sum(0);
}

template <class T>
Tensor objective(const NetworkShape& shape, const std::vector<SweepLayer>& layers, const TermTensors& terms,
                 const GroupPoints& points, std::vector<SweepLayer>& gradients, Tensor* velocity_gradient) {
  auto made = make_call<T>(shape, layers, points.x);
  auto& call = made.call;
  const auto options = points.x.options();
  divide_points(call, options.device());
  call.terms = made.keep(terms.values);
  call.velocity = made.keep(points.velocity);
  call.probes = made.keep(points.probes);
  call.probe_count = points.probes.defined() ? static_cast<int>(points.probes.size(0)) : 0;
  call.laplacian = terms.laplacian;
  call.rates = terms.time && layers.front().bias_rate.defined();
  gradients.clear();
  for (std::size_t l = 0; l < layers.size(); ++l) gradients.push_back(make_gradients(made, l, options));
  Tensor value;
  call.value = made.make(value, {call.slots()}, options);
  if (velocity_gradient) call.velocity_gradient = made.make(*velocity_gradient, points.x.sizes(), options);
  run(call, options);
  for (auto& layer : gradients) add_slots(layer, call.groups, call.ranges);
  return value.sum();
}

}  // namespace

bool has_block_sweeps(const NetworkShape& shape, torch::Device device) {
  return (device.is_cpu() || (device.is_cuda() && kernels::has_device_blocks())) &&
         shape.layers() <= kernels::kMaxBlockLayers && shape.features() <= kernels::kMaxBlockFeatures &&
         shape.hidden_layers > 0 && shape.components == 0;
}

Tensor block_objective(const NetworkShape& shape, const std::vector<SweepLayer>& layers, const TermTensors& terms,
                       const GroupPoints& points, std::vector<SweepLayer>& gradients, Tensor* velocity_gradient) {
  Tensor value;
  AT_DISPATCH_FLOATING_TYPES(points.x.scalar_type(), "block_objective", [&] {
    value = objective<scalar_t>(shape, layers, terms, points, gradients, velocity_gradient);
  });
  return value;
}

Tensor block_gradient(const NetworkShape& shape, const std::vector<SweepLayer>& layers, const Tensor& x) {
  Tensor gradient;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "block_gradient", [&] {
    auto made = make_call<scalar_t>(shape, layers, x);
    divide_points(made.call, x.device());
    made.call.gradient = made.make(gradient, x.sizes(), x.options());
    run(made.call, x.options());
  });
  return gradient;
}

}  // namespace scorefield::models
