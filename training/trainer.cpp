#include "training/trainer.hpp"

#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "training/batch/prefetcher.hpp"
#include "training/fields/choose_field.hpp"
#include "training/normalization.hpp"
#include "training/optim/clip.hpp"
#include "training/training_data.hpp"
#include "training/training_run.hpp"

namespace scorefield::training {
namespace {

/// Batches of the fixed validation set; together the same number of points whatever the options.
constexpr std::int64_t kValidationBatches = 4;

torch::Device parse_device(const std::string& text) {
  const torch::Device device(text);
  if (device.is_cuda() && !torch::cuda::is_available())
    throw UsageError("--device " + text + ": no CUDA device is available to this build of LibTorch; use --device cpu.");
  return device;
}

optim::NamedTensors copies(const optim::NamedTensors& tensors) {
  optim::NamedTensors copied;
  for (const auto& [name, tensor] : tensors) copied.emplace_back(name, tensor.detach().clone());
  return copied;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

Training::Training(const TrainRequest& request)
    : request_(request),
      config_(request.config),
      device_(parse_device(request.device)),
      graph_(device_, request.config.training.cuda_graph && request.config.training.engine != EngineKind::autograd &&
                          !request.processes) {
  if (config_.training.tf32) at::globalContext().setAllowTF32CuBLAS(true);
  const bool apart = !request.populations_path.empty();
  auto reader = apart ? data::DatasetReader(request.data_path) : open_training_data(request.data_path, config_);
  if (is_root()) const data::AtomicFile writable(request.output_path);  // fail now rather than at the first checkpoint

  torch::manual_seed(static_cast<std::uint64_t>(request.seed));
  const Loss& loss = config_.loss.chosen();
  auto normalizer = compute_normalizer(reader, config_.model.metric, loss.least_frames());
  const auto extra = static_cast<std::size_t>(loss.extra_inputs());  // in [-1, 1] already
  normalizer.mu_center.insert(normalizer.mu_center.end(), extra, 0);
  normalizer.mu_scale.insert(normalizer.mu_scale.end(), extra, 1);
  model_.normalizer = normalizer;
  model_.network = std::make_shared<models::ScoreNetwork>(config_.model, normalizer);
  if (apart) keep(open_training_data(request.populations_path, config_));
  else keep(reader);
  model_.sigma = config_.loss.sigma;
  model_.growth = config_.loss.growth;
  model_.loss = loss.clone();
  model_.network->to(device_);
  batches_ = std::make_unique<BatchSource>(std::move(reader), normalizer, config_, request.seed, share());
  objective_ = loss.objective(config_, request.seed);
  optimizer_ = optim::make_optimizer(named_parameters(*model_.network), config_.optimizer);
  average_ =
      std::make_unique<optim::ExponentialMovingAverage>(named_parameters(*model_.network), config_.optimizer.ema_decay);
  for (std::int64_t i = 0; i < kValidationBatches; ++i)
    validation_.push_back(objective_->prepare(batches_->make(i, Subset::validation), 0, device_));
  interval_loss_ = torch::zeros({}, torch::TensorOptions(device_));
  course_.last_step = config_.training.steps;
  if (request.resume) {
    resume();
  } else {
    const auto losses = validate();
    untrained_.validation_loss = mean(losses);
    for (const double loss : losses) untrained_.scale = std::max(untrained_.scale, std::abs(loss));
  }
  batches_->follow(course_);
}

void Training::keep(const data::DatasetReader& populations) {
  model_.header = populations.header();
  model_.initial = initial_populations_of(populations);
  model_.range = population_range_of(populations);
  model_.observables = observable_courses_of(populations);
}

double Training::progress(std::int64_t step) const {
  const double of_steps = course_.at(step);
  if (request_.time_limit_seconds <= 0) return of_steps;
  const double start = course_.at(first_step_);
  return std::max(of_steps, start + (1 - start) * (seconds_since(start_) / request_.time_limit_seconds));
}

Share Training::share() const {
  if (!request_.processes) return {};
  return {request_.processes->rank(), request_.processes->size()};
}

Training::Signals Training::signals() const {
  return {interrupt_requested(),
          request_.time_limit_seconds > 0 && seconds_since(start_) >= request_.time_limit_seconds};
}

/// The averaged weights' loss on every batch of the validation set.
std::vector<double> Training::validate() {
  average_->swap();
  std::vector<double> losses;
  for (const auto& inputs : validation_) losses.push_back(objective_->loss(*model_.network, inputs).item<double>());
  average_->swap();
  if (!request_.processes) return losses;
  auto total = torch::tensor(losses, torch::kFloat64).to(device_);
  request_.processes->sum(total);
  total = total.cpu();
  return {total.const_data_ptr<double>(), total.const_data_ptr<double>() + total.numel()};
}

/// Sums the gradients and the loss over processes, in one message with what all must agree on: whether to stop (any
/// process may ask) and how far the run is (rank 0's clock).
Training::Signals Training::share_step(torch::Tensor& loss, double& step_progress) {
  const auto own = signals();
  std::vector<torch::Tensor> parts;
  for (const auto& [name, parameter] : optimizer_->parameters())
    parts.push_back(optim::gradient_or_zeros(parameter).reshape({-1}));
  parts.push_back(loss.detach().reshape({1}));
  const std::vector<float> shared{own.interrupted ? 1.0f : 0.0f, own.time_limit ? 1.0f : 0.0f,
                                  is_root() ? static_cast<float>(step_progress) : 0.0f};
  parts.push_back(torch::tensor(shared).to(loss.options()));
  auto message = torch::cat(parts);
  request_.processes->sum(message);
  std::int64_t at = 0;
  for (const auto& [name, parameter] : optimizer_->parameters()) {
    parameter.mutable_grad() = message.narrow(0, at, parameter.numel()).view_as(parameter);
    at += parameter.numel();
  }
  loss = message[at];
  const auto agreed = message.narrow(0, at + 1, 3).cpu();
  step_progress = agreed[2].item<double>();
  return {agreed[0].item<float>() > 0, agreed[1].item<float>() > 0};
}

torch::Tensor Training::gradients(const ObjectiveInputs& inputs) {
  optimizer_->zero_grad();
  auto loss = objective_->loss(*model_.network, inputs);
  objective_->backward(loss);
  return loss.detach();
}

void Training::prepare_update(double step_progress) {
  rate_ = optim::learning_rate(step_progress, config_.optimizer);
  optimizer_->prepare(rate_);
  average_->prepare();
}

void Training::update(const torch::Tensor& loss) {
  optim::clip_gradient_norm(optimizer_->parameters(), config_.optimizer.clip_norm);
  optimizer_->apply();
  average_->apply();
  interval_loss_ += loss;
}

/// Returns whether to stop after this step.
Training::Signals Training::train_step(std::int64_t step, const Batch& batch) {
  auto inputs = objective_->prepare(batch, step, device_);
  double step_progress = progress(step);
  Signals agreed;
  if (request_.processes) {
    auto loss = gradients(inputs);
    agreed = share_step(loss, step_progress);
    prepare_update(step_progress);
    update(loss);
  } else {
    if (inputs_) inputs_->copy_from(inputs);
    else if (graph_.enabled()) inputs_ = inputs;
    prepare_update(step_progress);
    graph_.run([&] { update(gradients(inputs_ ? *inputs_ : inputs)); });
  }
  optimizer_->finish();
  ++interval_steps_;
  return request_.processes ? agreed : signals();
}

/// Adds a row to the history and tells the observer. `step` is the number of finished steps.
void Training::log(std::int64_t step) {
  if (interval_steps_ == 0) return;
  const double loss = interval_loss_.item<double>() / static_cast<double>(interval_steps_);
  interval_loss_.zero_();
  interval_steps_ = 0;
  if (!std::isfinite(loss)) give_up(step, "the training loss");
  const double validation = mean(validate());
  if (!std::isfinite(validation)) give_up(step, "the validation loss");

  history_.step.push_back(static_cast<double>(step));
  history_.loss.push_back(loss);
  history_.validation_loss.push_back(validation);
  history_.seconds.push_back(earlier_seconds_ + seconds_since(start_));
  history_.learning_rate.push_back(rate_);
  if (best_row(history_) + 1 == history_.step.size()) {
    best_ = now(step);
    for (auto* tensors : {&best_->weights, &best_->averages, &best_->optimizer}) *tensors = copies(*tensors);
  }
  if (request_.observer && is_root()) report(step);
}

/// Tells the observer the last row.
void Training::report(std::int64_t step) const {
  const double elapsed = seconds_since(start_);
  TrainProgress report;
  report.step = step;
  report.total_steps = config_.training.steps;
  report.loss = history_.loss.back();
  report.validation_loss = history_.validation_loss.back();
  report.learning_rate = rate_;
  report.steps_per_second = static_cast<double>(step - first_step_) / elapsed;
  report.seconds_left = static_cast<double>(config_.training.steps - step) / report.steps_per_second;
  if (request_.time_limit_seconds > 0)
    report.seconds_left = std::min(report.seconds_left, std::max(0.0, request_.time_limit_seconds - elapsed));
  request_.observer(report);
}

std::string Training::start_message() const {
  const auto parameters = model_.network->parameter_count(), plain = model_.network->plain_parameter_count();
  std::string text = std::to_string(parameters) + " parameters (network " + std::to_string(plain) + ", modulation " +
                     std::to_string(parameters - plain) + "), " + objective_->engine() + " engine, " +
                     std::to_string(batches_->groups() * batches_->particles()) + " points per step" +
                     (batches_->needs().targets_from.empty() ? "" : ", " + batches_->needs().targets_from) +
                     (model_.header.identity_ignored ? ", identities ignored" : "") +
                     (request_.processes ? ", " + std::to_string(request_.processes->size()) + " processes" : "");
  if (!request_.resume) return text;
  const double at = course_.at(first_step_);
  char schedule[160];
  std::snprintf(schedule, sizeof schedule,
                "; goes on after step %lld, at %.0f %% of the learning rate's schedule (rate %.2g)",
                static_cast<long long>(first_step_), 100 * at, optim::learning_rate(at, config_.optimizer));
  return text + schedule;
}

TrainResult Training::run() {
  if (request_.observer && is_root()) {
    TrainProgress start;
    start.step = first_step_;
    start.total_steps = config_.training.steps;
    start.message = start_message();
    request_.observer(start);
    start.warning = true;
    for (const auto& warning : batches_->needs().warnings) {
      start.message = warning;
      request_.observer(start);
    }
  }
  TrainResult result;
  result.warnings = batches_->needs().warnings;
  std::int64_t step = first_step_;
  std::vector<double> step_seconds;
  {
    Prefetcher prefetcher(*batches_, step);
    while (step < config_.training.steps) {
      const auto step_start = std::chrono::steady_clock::now();
      const Signals stop_signals = train_step(step, prefetcher.next(step));
      step_seconds.push_back(seconds_since(step_start));
      ++step;
      result.interrupted = stop_signals.interrupted;
      result.time_limit_reached = stop_signals.time_limit;
      const bool stop = result.interrupted || result.time_limit_reached || step == config_.training.steps;
      // Rows fall on fixed steps, so that a resumed run writes the same history.
      if (step % config_.training.log_every == 0 || (stop && !result.interrupted)) log(step);
      if (stop || step % config_.training.checkpoint_every == 0) save(now(step));
      if (stop) break;
    }
  }
  result.steps = step;
  result.seconds = seconds_since(start_);
  if (!device_.is_cpu()) {  // steps are queued, not done, when they return; the last checkpoint waited for all of them
    result.step_seconds = result.seconds / static_cast<double>(std::max<std::int64_t>(1, step - first_step_));
  } else if (!step_seconds.empty()) {
    const auto middle = step_seconds.begin() + static_cast<std::ptrdiff_t>(step_seconds.size() / 2);
    std::nth_element(step_seconds.begin(), middle, step_seconds.end());
    result.step_seconds = *middle;
  }
  result.parameters = model_.network->parameter_count();
  result.engine = objective_->engine();
  judge_end(result);
  if (result.interrupted)
    throw Interrupted("interrupted after step " + std::to_string(step) + "; " + request_.output_path +
                      " continues with --resume.");
  return result;
}

TrainResult train_network(const TrainRequest& request) { return Training(request).run(); }

TrainResult train(const TrainRequest& request) {
  if (request.resume && !std::filesystem::exists(request.output_path))
    throw FileError(request.output_path, "does not exist, so there is nothing to resume. Train without --resume.");
  training::validate(request.config);
  TrainRequest resolved = request;
  static_cast<void>(resolve_choices(resolved.config, open_training_data(request.data_path, request.config)));
  return resolved.config.field.chosen().train(resolved);
}

}  // namespace scorefield::training
