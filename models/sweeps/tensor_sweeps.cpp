#include "models/sweeps/tensor_sweeps.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "models/sweeps/block_sweeps.hpp"
#include "models/sweeps/saved_gradients.hpp"
#include "models/sweeps/tensor_features.hpp"

namespace scorefield::models {
namespace {

using kernels::GroupTerms;
using kernels::NetworkShape;
using torch::Tensor;

constexpr std::size_t kTensorsPerLayer = 7;

/// The groups' terms, [G, 1, 1].
struct TermColumns {
  Tensor kinetic, velocity, time, laplacian, potential, reaction, scale;
  bool rates, has_laplacian;
};

TermColumns columns_of(const TermTensors& terms) {
  const auto all = terms.values.unsqueeze(-1).unsqueeze(-1);
  return {all[kKineticRow],  all[kVelocityRow], all[kTimeRow], all[kLaplacianRow], all[kPotentialRow],
          all[kReactionRow], all[kScaleRow],    terms.time,    terms.laplacian};
}

/// The terms of `points` gauge points beside `particles` points in every group (gauge_groups), on the device.
TermTensors gauge_terms(const TermTensors& terms, std::int64_t particles, std::int64_t points) {
  const double ratio = static_cast<double>(particles) / static_cast<double>(points);
  const auto none = torch::zeros_like(terms.values[0]);
  return {torch::stack({none, none, terms.values[kTimeRow] * -ratio, none, terms.values[kPotentialRow] * -ratio,
                        terms.values[kScaleRow], none}),
          terms.time, false, false};
}

/// y = x W^T for every group.
Tensor times_transposed(const Tensor& x, const Tensor& weight) { return torch::bmm(x, weight.transpose(1, 2)); }

/// cotangent^T input for every group: the gradient of a weight.
Tensor weight_gradient(const Tensor& cotangent, const Tensor& input) {
  return torch::bmm(cotangent.transpose(1, 2), input);
}

/// silu and its derivatives at one layer, later times what the reverse sweep finds.
struct Activation {
  Tensor value, first, second, third;
};

Activation activate(const Tensor& y, bool second, bool third) {
  const auto sigma = y.sigmoid(), rest = 1 - sigma;
  Activation f;
  f.value = y * sigma;
  f.first = sigma + f.value * rest;
  if (!second) return f;
  const auto m = sigma * rest, slope = rest - sigma;
  f.second = m * (2 + y * slope);
  if (third) f.third = m * (3 * slope + y * (slope * slope - 2 * m));
  return f;
}

/// State of the sweeps through all hidden layers.
class Sweeps {
 public:
  Sweeps(const NetworkShape& shape, const std::vector<SweepLayer>& layers, const Tensor& x)
      : shape_(shape),
        layers_(layers),
        x_(x),
        hidden_(layers.size() - 1),
        derivatives_(feature_derivatives(shape, x)) {}

  /// Sweeps 1 and 2.
  Tensor gradient(bool second, bool third) {
    input_.assign(1, network_features(shape_, x_));
    for (std::size_t l = 0; l < hidden_; ++l) {
      activation_.push_back(activate(
          torch::baddbmm(layers_[l].bias.unsqueeze(1), input_[l], layers_[l].weight.transpose(1, 2)), second, third));
      input_.push_back(activation_[l].value);
    }
    auto g = layers_[hidden_].weight.expand({x_.size(0), x_.size(1), shape_.width});
    adjoint_.resize(hidden_);
    curvature_.resize(hidden_);
    third_.resize(hidden_);
    for (std::size_t l = hidden_; l-- > 0;) {
      adjoint_[l] = g * activation_[l].first;
      if (second) curvature_[l] = g * activation_[l].second;
      if (third) third_[l] = g * activation_[l].third;
      g = torch::bmm(adjoint_[l], layers_[l].weight);
    }
    return to_coordinates(shape_, g * derivatives_.first);
  }

  /// s: [G, N, 1].
  [[nodiscard]] Tensor potential() const {
    return torch::baddbmm(layers_[hidden_].bias.unsqueeze(1), input_[hidden_], layers_[hidden_].weight.transpose(1, 2));
  }

  /// The objective's value, and the gradients of all layers (scaled by the groups' scales) in `gradients` and, unless
  /// that is null, of the velocity in `velocity_gradient`.
  Tensor objective(const TermColumns& terms, const GroupPoints& points, std::vector<SweepLayer>& gradients,
                   Tensor* velocity_gradient) {
    const auto v = gradient(true, terms.has_laplacian);
    auto u = terms.kinetic * v;
    if (points.velocity.defined()) u = u + terms.velocity * points.velocity;
    auto h_dot = to_features(shape_, u) * derivatives_.first;
    gradients.assign(layers_.size(), {});
    for (std::size_t l = 0; l < layers_.size(); ++l) gradients[l].weight = torch::zeros_like(layers_[l].weight);
    if (terms.has_laplacian) add_laplacian(terms.laplacian, points.probes, h_dot, gradients);
    tangent_.assign(1, h_dot);
    for (std::size_t l = 0; l < hidden_; ++l) tangent_.push_back(tangent_layer(l, terms));
    const auto rate = output_rate(terms);  // [G, N, 1]: what the output's own rate adds to the tangent
    const auto s = potential();
    const auto transport = times_transposed(tangent_[hidden_], layers_[hidden_].weight) + rate - (u * v).sum(-1, true);
    auto value = terms.kinetic * v.square().sum(-1, true) / 2 + transport + terms.potential * s +
                 terms.reaction * s.square() / 2;
    if (points.velocity.defined()) value = value + terms.velocity * (points.velocity * v).sum(-1, true);
    if (velocity_gradient) *velocity_gradient = terms.scale * terms.velocity * v;
    reverse(terms, s, gradients);
    for (auto& layer : gradients)
      for (Tensor* tensor : {&layer.weight, &layer.left, &layer.weight_rate})
        if (tensor->defined()) tensor->mul_(terms.scale);
    const auto row_scale = terms.scale.squeeze(-1);
    for (auto& layer : gradients)
      for (Tensor* tensor : {&layer.bias, &layer.bias_rate})
        if (tensor->defined()) tensor->mul_(row_scale);
    return (terms.scale * value).sum();
  }

 private:
  /// Adds the Laplacian's part to the tangent of the features and to the gradients, and leaves square_ and mixed_.
  void add_laplacian(const Tensor& coefficient, const Tensor& probes, Tensor& h_dot,
                     std::vector<SweepLayer>& gradients) {
    square_.assign(hidden_, torch::zeros_like(activation_[0].value));
    mixed_.assign(hidden_, torch::zeros_like(activation_[0].value));
    const std::int64_t directions = probes.defined() ? probes.size(0) : shape_.dimension();
    const auto weight = probes.defined() ? coefficient / static_cast<double>(directions) : coefficient;
    for (std::int64_t k = 0; k < directions; ++k) {
      Tensor direction = probes.defined() ? probes[k] : torch::zeros_like(x_);
      if (!probes.defined()) direction.select(-1, k).fill_(1);
      const auto along = to_features(shape_, direction);
      h_dot = h_dot + weight * along.square() * derivatives_.second;
      std::vector<Tensor> jet{along * derivatives_.first}, slope;
      for (std::size_t l = 0; l < hidden_; ++l) {
        slope.push_back(times_transposed(jet[l], layers_[l].weight));
        jet.push_back(slope[l] * activation_[l].first);
        square_[l] = square_[l] + weight * slope[l].square();
      }
      Tensor q;  // cotangent of the jet; none at the top
      for (std::size_t l = hidden_; l-- > 0;) {
        auto cotangent = 2 * weight * curvature_[l] * slope[l];
        if (q.defined()) {
          mixed_[l] = mixed_[l] + q * activation_[l].second * slope[l];
          cotangent = cotangent + q * activation_[l].first;
        }
        gradients[l].weight = gradients[l].weight + weight_gradient(cotangent, jet[l]);
        q = torch::bmm(cotangent, layers_[l].weight);
      }
    }
  }

  /// Sweep 3 through hidden layer l; keeps in curvature_ what the cotangent of y starts from.
  Tensor tangent_layer(std::size_t l, const TermColumns& terms) {
    const auto& layer = layers_[l];
    auto y = times_transposed(tangent_[l], layer.weight);
    if (terms.rates) y = y + terms.time * layer_rate(l);
    auto tangent = y * activation_[l].first;
    curvature_[l] = curvature_[l] * y;
    if (terms.has_laplacian) {
      tangent = tangent + activation_[l].second * square_[l];
      curvature_[l] = curvature_[l] + third_[l] * square_[l] + mixed_[l];
    }
    return tangent;
  }

  /// (dW/dt) h + db/dt of layer l.
  [[nodiscard]] Tensor layer_rate(std::size_t l) const {
    const auto& layer = layers_[l];
    auto rate = layer.bias_rate.unsqueeze(1);
    if (layer.left.defined()) rate = rate + times_transposed(torch::matmul(input_[l], layer.right.t()), layer.left);
    if (layer.weight_rate.defined()) rate = rate + times_transposed(input_[l], layer.weight_rate);
    return rate;
  }

  [[nodiscard]] Tensor output_rate(const TermColumns& terms) const {
    return terms.rates ? terms.time * layer_rate(hidden_) : torch::zeros_like(x_.select(-1, 0).unsqueeze(-1));
  }

  /// Gradients of a layer's rate, given the cotangent `a` of the tangent of its output. Returns what the input gets.
  Tensor rate_gradients(std::size_t l, const Tensor& a, const TermColumns& terms, SweepLayer& gradient) const {
    const auto& layer = layers_[l];
    const auto weighted = terms.time * a;
    gradient.bias_rate = weighted.sum(1);
    Tensor q = torch::zeros_like(input_[l]);
    if (layer.left.defined()) {
      gradient.left = weight_gradient(weighted, torch::matmul(input_[l], layer.right.t()));
      const auto through = torch::bmm(weighted, layer.left);  // [G, N, r]
      gradient.right = torch::matmul((terms.scale * through).flatten(0, 1).t(), input_[l].flatten(0, 1));
      q = q + torch::matmul(through, layer.right);
    }
    if (layer.weight_rate.defined()) {
      gradient.weight_rate = weight_gradient(weighted, input_[l]);
      q = q + torch::bmm(weighted, layer.weight_rate);
    }
    return q;
  }

  /// Sweep 4.
  void reverse(const TermColumns& terms, const Tensor& s, std::vector<SweepLayer>& gradients) const {
    const auto ones = torch::ones({x_.size(0), x_.size(1), 1}, x_.options());
    auto& output = gradients[hidden_];
    const auto on_value = terms.potential * ones + terms.reaction * s;
    output.weight = weight_gradient(ones, tangent_[hidden_]) + weight_gradient(on_value, input_[hidden_]);
    output.bias = on_value.sum(1);
    auto q = torch::bmm(on_value, layers_[hidden_].weight);
    if (terms.rates) q = q + rate_gradients(hidden_, ones, terms, output);
    for (std::size_t l = hidden_; l-- > 0;) {
      const auto p = q * activation_[l].first + curvature_[l];
      gradients[l].weight =
          gradients[l].weight + weight_gradient(p, input_[l]) + weight_gradient(adjoint_[l], tangent_[l]);
      gradients[l].bias = p.sum(1);
      q = torch::bmm(p, layers_[l].weight);
      if (terms.rates) q = q + rate_gradients(l, adjoint_[l], terms, gradients[l]);
    }
  }

  const NetworkShape& shape_;
  const std::vector<SweepLayer>& layers_;
  Tensor x_;
  std::size_t hidden_;
  FeatureDerivatives derivatives_;
  std::vector<Tensor> input_;    ///< features, then h of every hidden layer
  std::vector<Tensor> tangent_;  ///< likewise
  std::vector<Activation> activation_;
  std::vector<Tensor> adjoint_, curvature_, third_, square_, mixed_;  ///< per hidden layer
};

/// left diag(values) of every group, [G, out, r]; undefined without a low-rank part or values.
Tensor scaled_left(const ModulatedLayer& layer, const Tensor& values) {
  if (!layer.left.defined() || !values.defined()) return {};
  return layer.left.unsqueeze(0) * values.narrow(1, layer.scale_start, layer.left.size(1)).unsqueeze(1);
}

std::vector<SweepLayer> sweep_layers(const ModulatedWeights& weights) {
  auto without_rates = weights;
  without_rates.rates.reset();
  for (auto& layer : without_rates.layers) {
    layer.weight_rate.reset();
    layer.bias_rate.reset();
  }
  const auto effective = effective_weights(without_rates);
  const bool rates = has_rates(weights);
  std::vector<SweepLayer> layers;
  for (std::size_t l = 0; l < effective.size(); ++l) {
    const auto& layer = weights.layers[l];
    SweepLayer sweep;
    sweep.weight = effective[l].weight;
    sweep.bias = effective[l].bias;
    if (rates) {
      sweep.left = scaled_left(layer, weights.rates);
      if (sweep.left.defined()) sweep.right = layer.right;
      sweep.weight_rate = layer.weight_rate;
      sweep.bias_rate = layer.bias_rate.defined() ? layer.bias_rate : torch::zeros_like(sweep.bias);
      if (layer.bias_map.defined() && weights.rates.defined())
        sweep.bias_rate =
            sweep.bias_rate +
            torch::mm(weights.rates.narrow(1, layer.latent_start, layer.bias_map.size(1)), layer.bias_map.t());
    }
    layers.push_back(std::move(sweep));
  }
  return layers;
}

std::vector<Tensor> flatten(const std::vector<SweepLayer>& layers) {
  std::vector<Tensor> flat;
  const auto none = torch::empty({0}, layers.front().weight.options());
  for (const auto& layer : layers)
    for_each_tensor(layer, [&](const Tensor& tensor) { flat.push_back(tensor.defined() ? tensor : none); });
  return flat;
}

std::vector<SweepLayer> unflatten(const std::vector<Tensor>& flat) {
  std::vector<SweepLayer> layers(flat.size() / kTensorsPerLayer);
  auto next = flat.begin();
  for (auto& layer : layers)
    for_each_tensor(layer, [&](Tensor& tensor) {
      if (next->numel() > 0) tensor = *next;
      ++next;
    });
  return layers;
}

struct SweptCall {
  const NetworkShape* shape;
  const TermTensors* terms;
  const GroupPoints* points;
  SweepEngine engine;
};

bool by_blocks(const NetworkShape& shape, const Tensor& x, SweepEngine engine) {
  if (engine == SweepEngine::automatic) return x.is_cuda() && has_block_sweeps(shape, x.device());
  return engine == SweepEngine::blocks;
}

struct SweptObjective : public torch::autograd::Function<SweptObjective> {
  static Tensor forward(torch::autograd::AutogradContext* context, at::TensorList tensor_list, const SweptCall* call) {
    auto tensors = tensor_list.vec();
    const bool with_velocity = tensors.size() % kTensorsPerLayer != 0;  // it comes last
    if (with_velocity) tensors.pop_back();
    const auto layers = unflatten(tensors);
    Tensor velocity_gradient;
    std::vector<SweepLayer> gradients;
    Tensor* const to_velocity = with_velocity ? &velocity_gradient : nullptr;
    const auto value = by_blocks(*call->shape, call->points->x, call->engine) && !call->terms->reaction
                           ? block_objective(*call->shape, layers, *call->terms, *call->points, gradients, to_velocity)
                           : Sweeps(*call->shape, layers, call->points->x)
                                 .objective(columns_of(*call->terms), *call->points, gradients, to_velocity);
    std::vector<Tensor> flat;
    for (const auto& layer : gradients) for_each_tensor(layer, [&](const Tensor& tensor) { flat.push_back(tensor); });
    for (std::size_t i = 0; i < flat.size(); ++i)
      if (!flat[i].defined()) flat[i] = torch::zeros_like(tensor_list[i]);
    if (with_velocity) flat.push_back(velocity_gradient);
    save_gradients(context, flat);
    return value;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grad_output) {
    return scaled_gradients(context, grad_output);
  }
};

}  // namespace

TermTensors term_tensors(const std::vector<GroupTerms>& terms, const torch::TensorOptions& options) {
  std::vector<double> flat;
  for (const auto member : {&GroupTerms::kinetic, &GroupTerms::velocity, &GroupTerms::time, &GroupTerms::laplacian,
                            &GroupTerms::potential, &GroupTerms::scale, &GroupTerms::reaction})
    for (const auto& term : terms) flat.push_back(term.*member);
  const auto any = [&](double GroupTerms::*member) {
    return std::any_of(terms.begin(), terms.end(), [member](const auto& term) { return term.*member != 0; });
  };
  // One copy to the device for all of them.
  return {torch::tensor(flat, torch::kFloat64).to(options).view({kTermRows, static_cast<std::int64_t>(terms.size())}),
          any(&GroupTerms::time), any(&GroupTerms::laplacian), any(&GroupTerms::reaction)};
}

Tensor swept_objective(const NetworkShape& shape, const ModulatedWeights& weights, const TermTensors& terms,
                       const GroupPoints& points, SweepEngine engine) {
  TORCH_CHECK_VALUE(points.x.dim() == 3 && points.x.size(2) == shape.dimension(), "sweeps expect x [G, N, ",
                    shape.dimension(), "], got ", points.x.sizes());
  TORCH_CHECK_VALUE(
      terms.values.dim() == 2 && terms.values.size(0) == kTermRows && terms.values.size(1) == points.x.size(0),
      "expected terms of ", points.x.size(0), " groups, got ", terms.values.sizes());
  auto flat = flatten(sweep_layers(weights));
  if (points.velocity.defined() && points.velocity.requires_grad()) flat.push_back(points.velocity);
  const SweptCall call{&shape, &terms, &points, engine};
  const auto value = SweptObjective::apply(at::TensorList(flat), &call);
  if (!points.gauge.defined()) return value;
  const auto groups = points.x.size(0), gauge_points = points.gauge.size(0);
  const GroupPoints gauge{
      points.gauge.unsqueeze(0).expand({groups, gauge_points, points.gauge.size(1)}).contiguous(), {}, {}, {}};
  return value + swept_objective(shape, weights, gauge_terms(terms, points.x.size(1), gauge_points), gauge, engine);
}

Tensor swept_objective(const NetworkShape& shape, const ModulatedWeights& weights, const std::vector<GroupTerms>& terms,
                       const GroupPoints& points, SweepEngine engine) {
  TORCH_CHECK_VALUE(!terms.empty(), "expected terms of ", points.x.size(0), " groups, got none");
  return swept_objective(shape, weights, term_tensors(terms, points.x.options()), points, engine);
}

Tensor swept_gradient(const NetworkShape& shape, const ModulatedWeights& weights, const Tensor& x, SweepEngine engine) {
  const torch::NoGradGuard no_grad;
  const auto layers = sweep_layers(weights);
  if (by_blocks(shape, x, engine)) return block_gradient(shape, layers, x);
  return Sweeps(shape, layers, x).gradient(false, false);
}

}  // namespace scorefield::models
