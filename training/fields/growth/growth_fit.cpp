#include "training/fields/growth/growth_fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "solvers/integrators.hpp"
#include "training/batch/random_streams.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/optimizer.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kValidationSteps = 4;
constexpr double kLeastDistance = 1e-8;  // squared; keeps the slope of |x - y| finite at 0

Tensor distances(const Tensor& x, const Tensor& y) {
  const auto squares = x.square().sum(1, true) + y.square().sum(1).unsqueeze(0) - 2 * x.matmul(y.t());
  return (squares.clamp_min(0) + kLeastDistance).sqrt();
}

/// The energy distance of a weighted cloud, shares [N, 1], from samples.
Tensor energy_distance(const Tensor& x, const Tensor& shares, const Tensor& y) {
  const auto count = static_cast<double>(y.size(0));
  const auto own = distances(y, y).sum() / (count * std::max(1.0, count - 1));
  return 2 * (shares * distances(x, y)).sum() / count - (shares * shares.t() * distances(x, x)).sum() - own;
}

/// The loop, its clock and its history.
class GrowthTrainer {
 public:
  GrowthTrainer(const Populations& populations, const GrowthTraining& training, GrowthModel& model)
      : populations_(populations),
        training_(training),
        model_(model),
        optimizer_(optim::make_optimizer(model.parameters(), training.optimizer)),
        average_(model.parameters(), training.optimizer.ema_decay) {}

  GrowthFit run(const std::function<void(const GrowthProgress&)>& report) {
    std::int64_t step = 0;
    for (; step < training_.steps && !stopped(); ++step) {
      advance(step);
      if ((step + 1) % training_.log_every == 0) log(step + 1, report);
    }
    log(step, report);
    average_.swap();
    return std::move(fit_);
  }

 private:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  bool stopped() {
    fit_.interrupted = interrupt_requested();
    return fit_.interrupted || (training_.time_limit_seconds > 0 && seconds() >= training_.time_limit_seconds);
  }

  /// The objective with the random numbers of one step.
  [[nodiscard]] Tensor loss(std::int64_t step, bool validation) const {
    const auto seed =
        derive_seed(training_.seed, validation ? kValidationStream : kStepStream, static_cast<std::uint64_t>(step));
    const auto r = static_cast<std::size_t>(step) % populations_.runs().size();
    const auto& run = populations_.runs()[r];
    const auto& options = model_.options;
    GrowingParticles at;
    at.x = populations_.draw(r, 0, options.particles, derive_seed(seed, kParticleStream, 0), validation);
    at.log_weight = torch::zeros({at.x.size(0), 1});
    at.action = torch::zeros({at.x.size(0), 1});
    const auto mu = run.mu.unsqueeze(0).expand({at.x.size(0), -1});
    const auto steps = integrators::steps_per_interval(run.times, options.steps);
    Tensor total = torch::zeros({});
    std::uint64_t number = 0;
    for (std::size_t k = 1; k < run.times.size(); ++k) {
      const double h = (run.times[k] - run.times[k - 1]) / static_cast<double>(steps[k - 1]);
      for (std::int64_t i = 0; i < steps[k - 1]; ++i)
        at = growth_step(model_, at, mu, run.times[k - 1] + static_cast<double>(i) * h, h,
                         integrators::step_noise(at.x, derive_seed(seed, kNoiseStream, 0), number++));
      const auto frame = populations_.draw(r, k, options.points, derive_seed(seed, kParticleStream, k), validation);
      total = total + energy_distance(at.x, at.log_weight.softmax(0), frame);
      if (model_.grows) total = total + options.mass * (at.log_weight.exp().mean().log() - run.log_mass[k]).square();
    }
    return total / static_cast<double>(run.times.size() - 1) + options.action * at.action.mean();
  }

  void advance(std::int64_t step) {
    double progress = static_cast<double>(step) / static_cast<double>(training_.steps);
    if (training_.time_limit_seconds > 0) progress = std::max(progress, seconds() / training_.time_limit_seconds);
    rate_ = optim::learning_rate(progress, training_.optimizer);
    optimizer_->zero_grad();
    const Tensor value = loss(step, false);
    interval_loss_ += value.item<double>();
    ++interval_steps_;
    value.backward();
    optim::clip_gradient_norm(model_.parameters(), training_.optimizer.clip_norm);
    optimizer_->step(rate_);
    average_.update();
  }

  void log(std::int64_t step, const std::function<void(const GrowthProgress&)>& report) {
    if (interval_steps_ == 0) return;
    const torch::NoGradGuard no_grad;
    average_.swap();
    double validation = 0;
    for (std::int64_t i = 0; i < kValidationSteps; ++i) validation += loss(i, true).item<double>() / kValidationSteps;
    average_.swap();
    fit_.end = {step, interval_loss_ / static_cast<double>(interval_steps_), validation, rate_, seconds()};
    interval_loss_ = 0;
    interval_steps_ = 0;
    if (!std::isfinite(fit_.end.loss) || !std::isfinite(validation))
      throw DivergenceError(step, "the loss", "Lower training.learning_rate.");
    fit_.history.step.push_back(static_cast<double>(step));
    fit_.history.loss.push_back(fit_.end.loss);
    fit_.history.validation_loss.push_back(validation);
    fit_.history.seconds.push_back(fit_.end.seconds);
    fit_.history.learning_rate.push_back(rate_);
    if (report) report(fit_.end);
  }

  const Populations& populations_;
  const GrowthTraining& training_;
  GrowthModel& model_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  optim::ExponentialMovingAverage average_;
  GrowthFit fit_;
  double rate_ = 0, interval_loss_ = 0;
  std::int64_t interval_steps_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

GrowthFit fit_growth(const Populations& populations, const GrowthTraining& training, GrowthModel& model,
                     const std::function<void(const GrowthProgress&)>& report) {
  return GrowthTrainer(populations, training, model).run(report);
}

}  // namespace scorefield::training
