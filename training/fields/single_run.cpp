#include "training/fields/single_run.hpp"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "training/model_file.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/optimizer.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::training {
namespace {

/// The loop, its clock and its history.
class SingleRunLoop {
 public:
  SingleRunLoop(const optim::NamedTensors& parameters, const SingleRunOptions& options)
      : parameters_(parameters),
        options_(options),
        optimizer_(optim::make_optimizer(parameters, options.optimizer)),
        average_(parameters, options.optimizer.ema_decay) {}

  SingleRun run(const std::function<StepLoss(std::int64_t)>& loss, const std::function<double()>& validation,
                const RunObserver& report) {
    std::int64_t step = 0;
    for (; step < options_.steps && !stopped(); ++step) {
      advance(step, loss);
      if ((step + 1) % options_.log_every == 0) log(step + 1, validation, report);
    }
    log(step, validation, report);
    average_.swap();
    run_.step_seconds = step > 0 ? seconds() / static_cast<double>(step) : 0;
    return std::move(run_);
  }

 private:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  bool stopped() {
    run_.interrupted = interrupt_requested();
    return run_.interrupted || (options_.time_limit_seconds > 0 && seconds() >= options_.time_limit_seconds);
  }

  void advance(std::int64_t step, const std::function<StepLoss(std::int64_t)>& loss) {
    double progress = static_cast<double>(step) / static_cast<double>(options_.steps);
    if (options_.time_limit_seconds > 0) progress = std::max(progress, seconds() / options_.time_limit_seconds);
    rate_ = optim::learning_rate(progress, options_.optimizer);
    optimizer_->zero_grad();
    const StepLoss value = loss(step);
    interval_loss_ += value.reported.item<double>();
    ++interval_steps_;
    value.lowered.backward();
    optim::clip_gradient_norm(parameters_, options_.optimizer.clip_norm);
    optimizer_->step(rate_);
    average_.update();
  }

  void log(std::int64_t step, const std::function<double()>& validation, const RunObserver& report) {
    if (interval_steps_ == 0) return;
    const torch::NoGradGuard no_grad;
    average_.swap();
    run_.end = {step, interval_loss_ / static_cast<double>(interval_steps_), validation(), rate_, seconds()};
    average_.swap();
    interval_loss_ = 0;
    interval_steps_ = 0;
    if (!std::isfinite(run_.end.loss) || !std::isfinite(run_.end.validation_loss))
      throw DivergenceError(step, "the loss", "Lower training.learning_rate.");
    run_.history.step.push_back(static_cast<double>(step));
    run_.history.loss.push_back(run_.end.loss);
    run_.history.validation_loss.push_back(run_.end.validation_loss);
    run_.history.seconds.push_back(run_.end.seconds);
    run_.history.learning_rate.push_back(rate_);
    if (report) report(run_.end);
  }

  const optim::NamedTensors& parameters_;
  const SingleRunOptions& options_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  optim::ExponentialMovingAverage average_;
  SingleRun run_;
  double rate_ = 0, interval_loss_ = 0;
  std::int64_t interval_steps_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

SingleRunOptions single_run_options(const TrainRequest& request, const std::string& field) {
  if (request.resume)
    throw UsageError("a training of model.field = " + field +
                     " is one run, which --resume cannot continue: train again, with more steps (training.steps) or "
                     "time (--time-limit).");
  SingleRunOptions options{.steps = request.config.training.steps,
                           .time_limit_seconds = request.time_limit_seconds,
                           .log_every = request.config.training.log_every,
                           .optimizer = request.config.optimizer};
  options.optimizer.kind = optim::OptimizerKind::adam;
  return options;
}

RunObserver run_observer(const TrainRequest& request) {
  return [&request](const RunProgress& at) {
    if (!request.observer) return;
    TrainProgress progress;
    progress.step = at.step;
    progress.total_steps = request.config.training.steps;
    progress.loss = at.loss;
    progress.validation_loss = at.validation_loss;
    progress.learning_rate = at.learning_rate;
    progress.steps_per_second = static_cast<double>(at.step) / at.seconds;
    progress.seconds_left = static_cast<double>(progress.total_steps - at.step) / progress.steps_per_second;
    request.observer(progress);
  };
}

SingleRun run_once(const optim::NamedTensors& parameters, const SingleRunOptions& options,
                   const std::function<StepLoss(std::int64_t step)>& loss, const std::function<double()>& validation,
                   const RunObserver& report) {
  return SingleRunLoop(parameters, options).run(loss, validation, report);
}

TrainResult save_single_run(const TrainRequest& request, const data::DatasetReader& reader, ReducedModel& model,
                            const SingleRun& run, const optim::NamedTensors& parameters,
                            const std::function<void(h5::File&)>& write_field) {
  if (run.interrupted) throw Interrupted("interrupted; no model was written: this field trains in one run.");
  model.initial = initial_populations_of(reader);
  model.range = population_range_of(reader);
  model.observables = observable_courses_of(reader);
  TrainResult result;
  result.steps = result.kept_step = run.end.step;
  result.seconds = run.end.seconds;  // a time limit is the end of the schedule: nothing is left to continue
  result.step_seconds = run.step_seconds;
  result.final_loss = run.end.loss;
  result.validation_loss = run.end.validation_loss;
  result.engine = "autograd";
  for (const auto& [name, value] : parameters) result.parameters += value.numel();
  result.description = std::to_string(run.end.step) + " steps, " + std::to_string(result.parameters) + " parameters, ";
  data::ModelHeader header;
  header.provenance.format = data::kModelFormat;
  header.provenance.seed = request.seed;
  header.provenance.config = request.config_toml;
  header.step = run.end.step;
  header.parameters = header.network_parameters = result.parameters;
  save_field_model(request.output_path, header, model, run.history, write_field);
  return result;
}

}  // namespace scorefield::training
