#include "training/fields/sde/sde_fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/optimizer.hpp"
#include "training/optim/schedule.hpp"

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

/// The loop, its clock and its history.
class SdeTrainer {
 public:
  SdeTrainer(const IncrementTable& table, const SdeTraining& training, SdeModel& model)
      : table_(table),
        training_(training),
        model_(model),
        variation_(row(table.variation()).clamp_min(1e-30)),
        optimizer_(optim::make_optimizer(model.parameters(), training.optimizer)),
        average_(model.parameters(), training.optimizer.ema_decay) {
    for (std::int64_t i = 0; i < kValidationBatches; ++i)
      validation_.push_back(table.draw(model.options.batch, static_cast<std::uint64_t>(i), true));
  }

  SdeFit run(const std::function<void(const SdeProgress&)>& report) {
    std::int64_t step = 0;
    for (; step < training_.steps && !stopped(); ++step) {
      advance(step);
      if ((step + 1) % training_.log_every == 0) log(step + 1, report);
    }
    log(step, report);
    average_.swap();
    fit_.step_seconds = step > 0 ? seconds() / static_cast<double>(step) : 0;
    if (!fit_.interrupted) Readout(table_, model_).solve([this] { return fit_.end.validation_loss = validation(); });
    return std::move(fit_);
  }

 private:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  bool stopped() {
    fit_.interrupted = interrupt_requested();
    fit_.time_limit_reached = training_.time_limit_seconds > 0 && seconds() >= training_.time_limit_seconds;
    return fit_.interrupted || fit_.time_limit_reached;
  }

  void advance(std::int64_t step) {
    double progress = static_cast<double>(step) / static_cast<double>(training_.steps);
    if (training_.time_limit_seconds > 0) progress = std::max(progress, seconds() / training_.time_limit_seconds);
    rate_ = optim::learning_rate(progress, training_.optimizer);
    const auto batch = table_.draw(model_.options.batch, static_cast<std::uint64_t>(step), false);
    optimizer_->zero_grad();
    Tensor loss = drift_loss(model_, batch, variation_);
    interval_loss_ += loss.item<double>();
    ++interval_steps_;
    if (model_.noise) loss = loss + noise_loss(model_, batch);
    loss.backward();
    optim::clip_gradient_norm(model_.parameters(), training_.optimizer.clip_norm);
    optimizer_->step(rate_);
    average_.update();
  }

  [[nodiscard]] double validation() const {
    double sum = 0;
    for (const auto& batch : validation_)
      sum += drift_loss(model_, batch, variation_).item<double>() / kValidationBatches;
    return sum;
  }

  void log(std::int64_t step, const std::function<void(const SdeProgress&)>& report) {
    if (interval_steps_ == 0) return;
    const torch::NoGradGuard no_grad;
    average_.swap();
    fit_.end = {step, interval_loss_ / static_cast<double>(interval_steps_), validation(), rate_, seconds()};
    average_.swap();
    interval_loss_ = 0;
    interval_steps_ = 0;
    if (!std::isfinite(fit_.end.loss) || !std::isfinite(fit_.end.validation_loss))
      throw DivergenceError(step, "the loss", "Lower training.learning_rate.");
    fit_.history.step.push_back(static_cast<double>(step));
    fit_.history.loss.push_back(fit_.end.loss);
    fit_.history.validation_loss.push_back(fit_.end.validation_loss);
    fit_.history.seconds.push_back(fit_.end.seconds);
    fit_.history.learning_rate.push_back(rate_);
    if (report) report(fit_.end);
  }

  const IncrementTable& table_;
  const SdeTraining& training_;
  SdeModel& model_;
  Tensor variation_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  optim::ExponentialMovingAverage average_;
  std::vector<Increments> validation_;
  SdeFit fit_;
  double rate_ = 0, interval_loss_ = 0;
  std::int64_t interval_steps_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

SdeFit fit_sde(const IncrementTable& table, const models::Normalizer& normalizer, const SdeTraining& training,
               SdeModel& model, const std::function<void(const SdeProgress&)>& report) {
  prepare(table, model);
  auto fit = SdeTrainer(table, training, model).run(report);
  if (model.noise) return fit;
  model.sigma = sigma_of(model, table);
  if (model.options.noise == NoiseKind::constant) make_constant(normalizer, model.sigma);
  return fit;
}

}  // namespace scorefield::training
