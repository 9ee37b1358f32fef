#include "training/trainer.hpp"

#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "models/device_graph.hpp"
#include "training/batch/prefetcher.hpp"
#include "training/batch/source.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/objective.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/optimizer.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::training {
namespace {

/// Batches of the fixed validation set; together the same number of points whatever the options.
constexpr std::int64_t kValidationBatches = 4;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

torch::Device parse_device(const std::string& text) {
  const torch::Device device(text);
  if (device.is_cuda() && !torch::cuda::is_available())
    throw UsageError("--device " + text + ": no CUDA device is available to this build of LibTorch; use --device cpu.");
  return device;
}

optim::NamedTensors named_parameters(models::ScoreNetwork& network) {
  optim::NamedTensors named;
  for (auto& item : network.named_parameters()) named.emplace_back(item.key(), item.value());
  return named;
}

/// One training run: everything between the options and the model file.
class Training {
 public:
  explicit Training(const TrainRequest& request);
  TrainResult run();

 private:
  /// What makes a run end early.
  struct Signals {
    bool interrupted = false, time_limit = false;
  };

  [[nodiscard]] bool is_root() const { return !request_.processes || request_.processes->is_root(); }
  [[nodiscard]] Share share() const;
  [[nodiscard]] double progress(std::int64_t step) const;
  [[nodiscard]] Signals signals() const;
  [[nodiscard]] double validate();
  [[nodiscard]] Signals train_step(std::int64_t step, const Batch& batch);
  [[nodiscard]] torch::Tensor gradients(const ObjectiveInputs& inputs);
  void prepare_update(double step_progress);
  void update(const torch::Tensor& loss);
  [[nodiscard]] Signals share_step(torch::Tensor& loss, double& step_progress);
  void log(std::int64_t step);
  void checkpoint(std::int64_t step);
  void resume();

  const TrainRequest& request_;
  const TrainConfig& config_;
  torch::Device device_;
  ReducedModel model_;
  std::unique_ptr<BatchSource> batches_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<optim::ExponentialMovingAverage> average_;
  std::vector<ObjectiveInputs> validation_;
  History history_;
  std::optional<ObjectiveInputs> inputs_;  ///< what a recorded step reads
  models::DeviceGraph graph_;
  torch::Tensor interval_loss_;  ///< sum since the last row of the history, on the device
  std::int64_t interval_steps_ = 0;
  std::int64_t first_step_ = 0;
  double earlier_seconds_ = 0;
  double rate_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Training::Training(const TrainRequest& request)
    : request_(request),
      config_(request.config),
      device_(parse_device(request.device)),
      graph_(device_, request.config.training.cuda_graph && request.config.training.engine != EngineKind::autograd &&
                          !request.processes) {
  training::validate(config_);
  if (config_.training.tf32) at::globalContext().setAllowTF32CuBLAS(true);
  data::DatasetReader reader(request.data_path, data::Layouts::any);
  if (is_root()) const data::AtomicFile writable(request.output_path);  // fail now rather than at the first checkpoint

  torch::manual_seed(static_cast<std::uint64_t>(request.seed));
  const Loss& loss = config_.loss.chosen();
  auto normalizer = compute_normalizer(reader, config_.model.metric, loss.least_frames());
  const auto extra = static_cast<std::size_t>(loss.extra_inputs());  // in [-1, 1] already
  normalizer.mu_center.insert(normalizer.mu_center.end(), extra, 0);
  normalizer.mu_scale.insert(normalizer.mu_scale.end(), extra, 1);
  model_.network = std::make_shared<models::ScoreNetwork>(config_.model, normalizer);
  model_.header = reader.header();
  model_.initial = initial_populations_of(reader);
  model_.sigma = config_.loss.sigma;
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
  if (request.resume) resume();
}

void Training::resume() {
  const auto state = load_training_state(request_.output_path);
  optim::restore(named_parameters(*model_.network), state.weights, request_.output_path + ": the weights");
  average_->load_state(state.averages);
  optimizer_->load_state(state.optimizer);
  history_ = state.history;
  first_step_ = state.step;
  earlier_seconds_ = state.seconds;
  interval_loss_.fill_(state.interval_loss);
  interval_steps_ = state.interval_steps;
}

double Training::progress(std::int64_t step) const {
  const double of_steps = static_cast<double>(step) / static_cast<double>(config_.training.steps);
  if (request_.time_limit_seconds <= 0) return of_steps;
  return std::max(of_steps, seconds_since(start_) / request_.time_limit_seconds);
}

Share Training::share() const {
  if (!request_.processes) return {};
  return {request_.processes->rank(), request_.processes->size()};
}

Training::Signals Training::signals() const {
  return {interrupt_requested(),
          request_.time_limit_seconds > 0 && seconds_since(start_) >= request_.time_limit_seconds};
}

double Training::validate() {
  average_->swap();
  double sum = 0;
  for (const auto& inputs : validation_) sum += objective_->loss(*model_.network, inputs).item<double>();
  average_->swap();
  if (request_.processes) {
    auto total = torch::full({1}, sum, torch::TensorOptions(device_).dtype(torch::kFloat64));
    request_.processes->sum(total);
    sum = total.item<double>();
  }
  return sum / static_cast<double>(validation_.size());
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
  const std::string advice = "The last checkpoint is kept. Lower training.learning_rate, or check the data.";
  if (!std::isfinite(loss)) throw DivergenceError(step, "the training loss", advice);
  const double validation = validate();
  if (!std::isfinite(validation)) throw DivergenceError(step, "the validation loss", advice);

  const double elapsed = seconds_since(start_);
  history_.step.push_back(static_cast<double>(step));
  history_.loss.push_back(loss);
  history_.validation_loss.push_back(validation);
  history_.seconds.push_back(earlier_seconds_ + elapsed);
  history_.learning_rate.push_back(rate_);
  if (!request_.observer || !is_root()) return;
  TrainProgress report;
  report.step = step;
  report.total_steps = config_.training.steps;
  report.loss = loss;
  report.validation_loss = validation;
  report.learning_rate = rate_;
  report.steps_per_second = static_cast<double>(step - first_step_) / elapsed;
  report.seconds_left = static_cast<double>(config_.training.steps - step) / report.steps_per_second;
  if (request_.time_limit_seconds > 0)
    report.seconds_left = std::min(report.seconds_left, std::max(0.0, request_.time_limit_seconds - elapsed));
  request_.observer(report);
}

void Training::checkpoint(std::int64_t step) {
  if (!is_root()) return;
  TrainingState state;
  state.step = step;
  state.seconds = earlier_seconds_ + seconds_since(start_);
  state.interval_loss = interval_loss_.item<double>();
  state.interval_steps = interval_steps_;
  state.weights = named_parameters(*model_.network);
  state.averages = average_->state();
  state.optimizer = optimizer_->state();
  state.history = history_;
  data::Provenance provenance;
  provenance.format = data::kModelFormat;
  provenance.seed = request_.seed;
  provenance.config = request_.config_toml;
  save_model(request_.output_path, provenance, model_, average_->averages(), state);
}

TrainResult Training::run() {
  if (request_.observer && is_root()) {
    TrainProgress start;
    start.step = first_step_;
    start.total_steps = config_.training.steps;
    const auto parameters = model_.network->parameter_count(), plain = model_.network->plain_parameter_count();
    start.message = std::to_string(parameters) + " parameters (network " + std::to_string(plain) + ", modulation " +
                    std::to_string(parameters - plain) + "), " + objective_->engine() + " engine, " +
                    std::to_string(batches_->groups() * config_.batch.particles) + " points per step" +
                    (batches_->needs().targets_from.empty() ? "" : ", " + batches_->needs().targets_from) +
                    (request_.processes ? ", " + std::to_string(request_.processes->size()) + " processes" : "");
    request_.observer(start);
  }
  TrainResult result;
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
      if (stop || step % config_.training.checkpoint_every == 0) checkpoint(step);
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
  if (!history_.loss.empty()) {
    result.final_loss = history_.loss.back();
    result.validation_loss = history_.validation_loss.back();
  }
  if (result.interrupted)
    throw Interrupted("interrupted after step " + std::to_string(step) + "; " + request_.output_path +
                      " continues with --resume.");
  return result;
}

}  // namespace

TrainResult train(const TrainRequest& request) {
  if (request.resume && !std::filesystem::exists(request.output_path))
    throw FileError(request.output_path, "does not exist, so there is nothing to resume. Train without --resume.");
  return Training(request).run();
}

}  // namespace scorefield::training
