#include "training/fields/sde/sde_fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kValidationBatches = 4, kNoiseBatches = 64, kRegressionBatches = 32;
constexpr std::uint64_t kRegressionStream = std::uint64_t{1} << 40;  // batches that no step draws
/// Of the mean of a Gram matrix's diagonal: of the start, and of the readout, whose basis is nearly dependent.
constexpr double kRegressionRidge = 1e-6, kReadoutRidge = 1e-7;
/// Increments that the readout is solved with, at most.
constexpr std::int64_t kReadoutPairs = std::int64_t{1} << 20;
constexpr std::uint64_t kReadoutStream = kRegressionStream << 1;
/// Of the quadratic variation: the least noise that a network of the state starts from.
constexpr double kLeastNoise = 1e-6;

Tensor row(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64).to(torch::kFloat32); }

/// What the drift leaves of the increments, [B, d].
Tensor residual(const SdeModel& model, const Increments& batch) {
  return batch.change - batch.step * model.midpoint_drift(batch.from, batch.mu, batch.time, batch.step);
}

Tensor drift_loss(const SdeModel& model, const Increments& batch, const Tensor& variation) {
  return (residual(model, batch).square() / (batch.step * variation)).mean();
}

/// -log of the likelihood of what is left, which it does not change.
Tensor noise_loss(const SdeModel& model, const Increments& batch) {
  const Tensor share = residual(model, batch).detach().square() / (batch.step * row(model.sigma).square());
  const Tensor log_ratio = (*model.noise)(batch.from, batch.mu, batch.time);
  return 0.5 * (share * (-log_ratio).exp() + log_ratio).mean();
}

/// sigma per coordinate by the quadratic variation of what is left.
std::vector<double> sigma_of(const SdeModel& model, const IncrementTable& table) {
  const torch::NoGradGuard no_grad;
  Tensor squares = torch::zeros({static_cast<std::int64_t>(model.sigma.size())}, torch::kFloat64);
  double spans = 0;
  for (std::int64_t i = 0; i < kNoiseBatches; ++i) {
    const auto batch = table.draw(model.options.batch, static_cast<std::uint64_t>(i) + kValidationBatches, true);
    squares += residual(model, batch).to(torch::kFloat64).square().sum(0);
    spans += batch.step.to(torch::kFloat64).sum().item<double>();
  }
  const Tensor sigma = (squares / spans).sqrt();
  return {sigma.const_data_ptr<double>(), sigma.const_data_ptr<double>() + sigma.numel()};
}

/// One sigma in physical units, root mean square of those of the coordinates.
void make_constant(const models::Normalizer& normalizer, std::vector<double>& sigma) {
  double sum = 0;
  for (std::size_t k = 0; k < sigma.size(); ++k) sum += std::pow(sigma[k] * normalizer.scale[k], 2);
  const double physical = std::sqrt(sum / static_cast<double>(sigma.size()));
  for (std::size_t k = 0; k < sigma.size(); ++k) sigma[k] = physical / normalizer.scale[k];
}

/// Linear regression of change/step on what the network sees: where it starts, and the size of the drift.
void prepare(const IncrementTable& table, SdeModel& model) {
  const torch::NoGradGuard no_grad;
  model.step = table.typical_step();
  Tensor gram, products;
  const auto add = [](Tensor& sum, const Tensor& value) { sum = sum.defined() ? sum + value : value; };
  for (std::int64_t i = 0; i < kRegressionBatches; ++i) {
    const auto batch = table.draw(model.options.batch, kRegressionStream + static_cast<std::uint64_t>(i), false);
    const Tensor seen = model.drift.features(batch.from, batch.mu, batch.time);
    const Tensor inputs = torch::cat({seen, torch::ones_like(batch.time)}, 1).to(torch::kFloat64);
    add(gram, inputs.t().matmul(inputs * batch.step.to(torch::kFloat64)));
    add(products, inputs.t().matmul(batch.change.to(torch::kFloat64)));
  }
  gram += kRegressionRidge * gram.diagonal().mean() * torch::eye(gram.size(0), gram.options());
  const Tensor map = torch::linalg_solve(gram, products);  // [inputs + 1, d]
  const Tensor explained = (map * gram.matmul(map)).sum(0) / gram[-1][-1];
  for (std::size_t k = 0; k < model.speed.size(); ++k) {
    const double drift = explained[static_cast<std::int64_t>(k)].item<double>(), variation = table.variation()[k];
    model.speed[k] = std::sqrt(std::max(drift, 1.0));  // a deviation in the time span
    model.sigma[k] = std::sqrt(std::max(variation - drift * model.step, kLeastNoise * variation));
  }
  const Tensor scaled = map / torch::tensor(model.speed, torch::kFloat64);
  model.drift.start_from(scaled.narrow(0, 0, scaled.size(0) - 1).t().to(torch::kFloat32),
                         scaled[-1].to(torch::kFloat32));
}

/// Solves for the drift's readout, in which one midpoint step is linear once the midpoint is known:
///   E[h psi psi'] W' = E[psi (X+ - X)'],   psi the basis at x + h/2 b(x), t + h/2.
/// The noise of a step is many times its drift, and stochastic gradients leave of it what many increments together do
/// not. Kept where the validation loss agrees.
class Readout {
 public:
  Readout(const IncrementTable& table, SdeModel& model) : table_(table), model_(model) {}

  void solve(const std::function<double()>& validation_loss) const {
    const torch::NoGradGuard no_grad;
    const double before = validation_loss();
    const Tensor old = model_.drift.readout().clone();
    model_.drift.set_readout(solution().to(torch::kFloat32));
    if (!(validation_loss() <= before)) model_.drift.set_readout(old);
  }

 private:
  [[nodiscard]] Tensor solution() const {
    const std::int64_t batch = model_.options.batch, pairs = std::min(2 * table_.size(), kReadoutPairs);
    Tensor gram, products;
    for (std::int64_t i = 0; i * batch < pairs; ++i) {
      const auto at = table_.draw(batch, kReadoutStream + static_cast<std::uint64_t>(i), false);
      const Tensor middle = at.from + at.step / 2 * model_.drift_at(at.from, at.mu, at.time);
      const Tensor psi = model_.drift.basis(middle, at.mu, at.time + at.step / 2);
      const Tensor own = psi.t().matmul(psi * at.step).to(torch::kFloat64),
                   with_change = psi.t().matmul(at.change).to(torch::kFloat64);
      gram = gram.defined() ? gram + own : own;
      products = products.defined() ? products + with_change : with_change;
    }
    gram += kReadoutRidge * gram.diagonal().mean() * torch::eye(gram.size(0), gram.options());
    return (torch::linalg_solve(gram, products) / torch::tensor(model_.speed, torch::kFloat64)).t();
  }

  const IncrementTable& table_;
  SdeModel& model_;
};

}  // namespace

SingleRun fit_sde(const IncrementTable& table, const models::Normalizer& normalizer, const SingleRunOptions& options,
                  SdeModel& model, const RunObserver& report) {
  prepare(table, model);
  const Tensor variation = row(table.variation()).clamp_min(1e-30);
  std::vector<Increments> held_back;
  for (std::int64_t i = 0; i < kValidationBatches; ++i)
    held_back.push_back(table.draw(model.options.batch, static_cast<std::uint64_t>(i), true));
  const auto loss = [&](std::int64_t step) {
    const auto batch = table.draw(model.options.batch, static_cast<std::uint64_t>(step), false);
    const Tensor drift = drift_loss(model, batch, variation);
    return StepLoss{model.noise ? drift + noise_loss(model, batch) : drift, drift};
  };
  const auto validation = [&] {
    double sum = 0;
    for (const auto& batch : held_back) sum += drift_loss(model, batch, variation).item<double>() / kValidationBatches;
    return sum;
  };
  auto run = run_once(model.parameters(), options, loss, validation, report);
  if (!run.interrupted) Readout(table, model).solve([&] { return run.end.validation_loss = validation(); });
  if (model.noise) return run;
  model.sigma = sigma_of(model, table);
  if (model.options.noise == NoiseKind::constant) make_constant(normalizer, model.sigma);
  return run;
}

}  // namespace scorefield::training
