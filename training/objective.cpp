#include "training/objective.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>

#include "models/derivatives.hpp"
#include "models/serial_section.hpp"
#include "models/sweeps/fused.hpp"
#include "models/sweeps/tensor_sweeps.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Probes of a batch, [P, G, N, d]: a share of the whole batch's, so that processes together use what one would.
Tensor hutchinson_probes(const LossOptions& loss, const Batch& batch, std::int64_t seed, std::int64_t step) {
  const auto particles = batch.x.size(1), d = batch.x.size(2);
  const auto whole = torch::empty({batch.total_groups * particles, d}, batch.x.options());
  return models::rademacher_probes(loss.probes, whole, static_cast<std::uint64_t>(seed),
                                   static_cast<std::uint64_t>(step))
      .view({loss.probes, batch.total_groups, particles, d})
      .narrow(1, batch.first_group, batch.x.size(0));
}

/// To another device without waiting: through pinned memory where that helps.
Tensor moved(const Tensor& tensor, torch::Device device) {
  if (!tensor.defined() || tensor.device() == device) return tensor;
  return (device.is_cuda() ? tensor.pin_memory() : tensor).to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

Batch to_device(Batch batch, torch::Device device) {
  for (Tensor* tensor : batch.tensors()) *tensor = moved(*tensor, device);
  return batch;
}

/// What q (QuadraticPotential) beside the network's s makes of an objective:
///   |grad(s + q)|^2/2 = |grad s|^2/2 + grad q.grad s + |grad q|^2/2,
/// and likewise the other terms: `velocity` times grad s is what the network's objective has more, `value` the terms of
/// q alone.
struct QuadraticPart {
  Tensor velocity;  ///< [G, N, d]: kinetic grad q + velocity y
  Tensor value;
};

QuadraticPart quadratic_part(const models::QuadraticPotential::Coefficients& q, const models::TermTensors& terms,
                             const models::GroupPoints& points) {
  using models::QuadraticPotential;
  using enum models::TermRow;
  const auto row = [&](models::TermRow number) { return terms.values[number]; };  // [G]
  const auto field = QuadraticPotential::gradient(q, points.x);
  const auto kinetic = row(kKineticRow).view({-1, 1, 1});
  QuadraticPart part{kinetic * field, {}};
  auto sums = (kinetic / 2 * field.square()).sum({1, 2});
  if (points.velocity.defined()) {
    const auto given = row(kVelocityRow).view({-1, 1, 1}) * points.velocity;
    sums = sums + (given * field).sum({1, 2});
    part.velocity = part.velocity + given;
  }
  // Terms of q's value: they are also taken at the gauge points.
  const auto values_at = [&](const Tensor& x) {
    auto values = row(kPotentialRow) * QuadraticPotential::potential(q.curvature, q.slope, x).sum(1);
    if (terms.time)
      values = values + row(kTimeRow) * QuadraticPotential::potential(q.curvature_rate, q.slope_rate, x).sum(1);
    return values;
  };
  const auto particles = static_cast<double>(points.x.size(1));
  sums = sums + values_at(points.x);
  if (points.gauge.defined()) {
    const auto count = points.gauge.size(0);
    sums = sums - values_at(points.gauge.unsqueeze(0).expand({points.x.size(0), count, points.x.size(2)})) *
                      (particles / static_cast<double>(count));
  }
  if (terms.laplacian) sums = sums + row(kLaplacianRow) * particles * q.curvature.sum(1);
  part.value = (row(kScaleRow) * sums).sum();
  return part;
}

/// The objective of a vector field by LibTorch operations, differentiable in the weights and the velocity.
Tensor vector_objective(const kernels::NetworkShape& shape, const models::ModulatedWeights& weights,
                        const models::TermTensors& terms, const models::GroupPoints& points) {
  const auto b = models::evaluate_network(shape, models::effective_weights(weights), points.x);
  auto sums = terms.values[models::kKineticRow] * b.square().sum({1, 2}) / 2;
  if (points.velocity.defined()) sums = sums + terms.values[models::kVelocityRow] * (points.velocity * b).sum({1, 2});
  return (terms.values[models::kScaleRow] * sums).sum();
}

/// The sweeps without a double backward: by the CPU's kernels or those of a device's blocks of threads, or in LibTorch
/// operations.
class FusedObjective : public Objective {
 public:
  FusedObjective(const LossOptions& loss, std::int64_t seed, bool operations)
      : loss_(loss), seed_(seed), operations_(operations) {}

  ObjectiveInputs prepare(const Batch& batch, std::int64_t step, torch::Device device) const override {
    ObjectiveInputs inputs{batch, step, {}, {}};
    if (!laplacian_from_jitter(loss_))
      for (auto& term : inputs.batch.terms) term.laplacian = term.kinetic * 0.5 * loss_.sigma * loss_.sigma;
    if (loss_.sigma > 0 && loss_.laplacian == LaplacianKind::hutchinson)
      inputs.probes = moved(hutchinson_probes(loss_, batch, seed_, step), device);
    if (!device.is_cpu() || operations_) {
      inputs.terms = models::term_tensors(inputs.batch.terms, batch.x.options());
      inputs.terms.values = moved(inputs.terms.values, device);
    }
    inputs.batch = to_device(std::move(inputs.batch), device);
    return inputs;
  }

  Tensor loss(models::ScoreNetwork& network, const ObjectiveInputs& inputs) const override {
    const Batch& batch = inputs.batch;
    const bool with_rates =
        std::any_of(batch.terms.begin(), batch.terms.end(), [](const auto& terms) { return terms.time != 0; });
    const auto weights = network.modulation().weights(batch.mu, batch.t, with_rates);
    const models::GroupPoints points{batch.x, batch.target, inputs.probes, batch.gauge};
    const auto engine = [&](const std::vector<kernels::GroupTerms>& on_host, const models::TermTensors& on_device,
                            const models::GroupPoints& at) {
      using models::SweepEngine;
      if (at.x.device().is_cpu() && !operations_) return models::fused_objective(network.shape(), weights, on_host, at);
      if (network.options().vector) return vector_objective(network.shape(), weights, on_device, at);
      return models::swept_objective(network.shape(), weights, on_device, at,
                                     operations_ ? SweepEngine::operations : SweepEngine::automatic);
    };
    if (!network.quadratic()) return engine(batch.terms, inputs.terms, points);
    const SerialSection serial;
    const auto terms = batch.x.device().is_cpu() ? models::term_tensors(batch.terms, batch.x.options()) : inputs.terms;
    const auto part = quadratic_part(network.quadratic()->coefficients(batch.mu, batch.t, with_rates), terms, points);
    // The network sees the quadratic part's field as a velocity.
    auto on_host = batch.terms;
    for (auto& term : on_host) term.velocity = term.kinetic != 0 || term.velocity != 0 ? 1 : 0;
    auto on_device = terms;
    on_device.values = terms.values.clone();
    on_device.values[models::kVelocityRow].fill_(1);
    return engine(on_host, on_device, {batch.x, part.velocity, inputs.probes, batch.gauge}) + part.value;
  }
  using Objective::loss;
  std::string engine() const override { return operations_ ? "operations" : "fused"; }

 private:
  LossOptions loss_;
  std::int64_t seed_;
  bool operations_;
};

/// One member of GroupTerms for all groups, [G].
Tensor column(const Batch& batch, double kernels::GroupTerms::*member) {
  std::vector<double> values;
  for (const auto& terms : batch.terms) values.push_back(terms.*member);
  return torch::tensor(values, torch::kFloat64).to(batch.x.options());
}

/// LibTorch's double backward: the reference, and the way for what the kernels do not cover.
class AutogradObjective : public Objective {
 public:
  AutogradObjective(const LossOptions& loss, std::int64_t seed) : loss_(loss), seed_(seed) {}

  ObjectiveInputs prepare(const Batch& batch, std::int64_t step, torch::Device device) const override {
    return {to_device(batch, device), step, {}, {}};
  }
  Tensor loss(models::ScoreNetwork& network, const ObjectiveInputs& inputs) const override {
    if (network.options().vector) return vector_loss(network, inputs.batch);
    return autograd_objective(
        [&](const Tensor& x, const Tensor& mu, const Tensor& t) { return network.potential(x, mu, t); }, loss_,
        inputs.batch, seed_, inputs.step);
  }
  using Objective::loss;
  std::string engine() const override { return "autograd"; }

 private:
  static Tensor vector_loss(models::ScoreNetwork& network, const Batch& batch) {
    const auto b = network.vector_field(batch.x, batch.mu, batch.t);
    auto sums = column(batch, &kernels::GroupTerms::kinetic) * b.square().sum({1, 2}) / 2;
    if (batch.target.defined())
      sums = sums + column(batch, &kernels::GroupTerms::velocity) * (batch.target * b).sum({1, 2});
    return (column(batch, &kernels::GroupTerms::scale) * sums).sum();
  }

  LossOptions loss_;
  std::int64_t seed_;
};

/// lap_x s at every point, [G, N]. batch: x and t may belong to a graph.
Tensor laplacian(const GroupPotential& potential, const LossOptions& loss, const Batch& batch, std::int64_t seed,
                 std::int64_t step) {
  const auto& x = batch.x;
  const auto groups = x.size(0), particles = x.size(1), d = x.size(2);
  const models::Potential flat = [&](const Tensor& points) {
    return potential(points.view({groups, particles, d}), batch.mu, batch.t).reshape({groups * particles});
  };
  const auto points = x.reshape({groups * particles, d});
  const auto value =
      loss.laplacian == LaplacianKind::exact
          ? models::laplacian_exact(flat, points, true)
          : models::laplacian_hutchinson(
                flat, points, hutchinson_probes(loss, batch, seed, step).reshape({loss.probes, groups * particles, d}),
                true);
  return value.view({groups, particles});
}

}  // namespace

torch::Tensor autograd_objective(const GroupPotential& potential, const LossOptions& loss, const Batch& batch,
                                 std::int64_t seed, std::int64_t step) {
  using kernels::GroupTerms;
  const auto x = batch.x.detach().requires_grad_(true);
  const auto t = batch.t.detach().requires_grad_(true);
  const auto s = potential(x, batch.mu, t);
  TORCH_CHECK_VALUE(s.sizes() == x.sizes().slice(0, 2), "a potential must return [G, N] = ", x.sizes().slice(0, 2),
                    ", got ", s.sizes());
  const auto derivatives = torch::autograd::grad({s.sum()}, {x, t}, {}, true, true, true);
  const auto& v = derivatives[0];
  const auto rate = derivatives[1].defined() ? derivatives[1] : torch::zeros_like(t);

  // Every term is a sum over the points of a group, [G].
  auto total = column(batch, &GroupTerms::kinetic) * v.square().sum({1, 2}) / 2 +
               column(batch, &GroupTerms::time) * rate + column(batch, &GroupTerms::potential) * s.sum(1) +
               column(batch, &GroupTerms::reaction) * s.square().sum(1) / 2;
  if (batch.target.defined()) total = total + column(batch, &GroupTerms::velocity) * (batch.target * v).sum({1, 2});
  if (loss.sigma > 0 && !laplacian_from_jitter(loss)) {
    const auto entropic = column(batch, &GroupTerms::kinetic) * (0.5 * loss.sigma * loss.sigma);
    Batch at = batch;
    at.x = x;
    at.t = t;
    total = total + entropic * laplacian(potential, loss, at, seed, step).sum(1);
  }
  const auto value = (column(batch, &GroupTerms::scale) * total).sum();
  if (!batch.gauge.defined()) return value;
  Batch gauge = batch;
  auto groups = models::gauge_groups(batch.gauge, batch.terms, x.size(1));
  gauge.x = std::move(groups.x);
  gauge.terms = std::move(groups.terms);
  gauge.target = gauge.gauge = Tensor();
  return value + autograd_objective(potential, loss, gauge, seed, step);
}

void ObjectiveInputs::copy_from(const ObjectiveInputs& other) {
  const auto copy = [](Tensor& to, const Tensor& from) {
    if (from.defined()) to.copy_(from, /*non_blocking=*/true);
  };
  auto source = other.batch;  // shares its tensors
  const auto to = batch.tensors(), from = source.tensors();
  for (std::size_t i = 0; i < to.size(); ++i) copy(*to[i], *from[i]);
  copy(probes, other.probes);
  copy(terms.values, other.terms.values);
}

void Objective::backward(const Tensor& loss) const {
  std::optional<SerialSection> serial;
  if (engine() == "fused") serial.emplace();
  loss.backward();
}

std::unique_ptr<Objective> make_objective(const LossOptions& loss, EngineKind engine, std::int64_t seed) {
  if (engine == EngineKind::autograd) return std::make_unique<AutogradObjective>(loss, seed);
  return std::make_unique<FusedObjective>(loss, seed, engine == EngineKind::operations);
}

}  // namespace scorefield::training
