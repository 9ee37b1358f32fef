// What a training keeps of itself: checkpoints, how it goes on from one, and how it goes back to one.

#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/error.hpp"
#include "training/training_run.hpp"

namespace scorefield::training {
namespace {

std::string short_text(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

optim::NamedTensors named_parameters(models::ScoreNetwork& network) {
  optim::NamedTensors named;
  for (auto& item : network.named_parameters()) named.emplace_back(item.key(), item.value());
  return named;
}

void Training::restore(const Checkpoint& checkpoint) {
  optim::restore(named_parameters(*model_.network), checkpoint.weights, request_.output_path + ": the weights");
  average_->load_state(checkpoint.averages);
  optimizer_->load_state(checkpoint.optimizer);
}

void Training::resume() {
  auto state = load_training_state(request_.output_path, config_.training.steps);
  restore(state.now);
  history_ = state.history;
  first_step_ = state.now.step;
  untrained_ = state.untrained;
  earlier_seconds_ = state.seconds;
  interval_loss_.fill_(state.interval_loss);
  interval_steps_ = state.interval_steps;
  // A run that goes on as it was planned stays on its course, to the last bit.
  const double progress = request_.new_schedule ? 0 : state.now.progress;
  const bool as_planned = state.course.last_step == config_.training.steps && state.course.at(first_step_) == progress;
  course_ = as_planned ? state.course : optim::Course{first_step_, progress, config_.training.steps};
  if (!history_.step.empty()) best_ = state.best ? std::move(state.best) : std::move(state.now);
}

/// The live tensors, not copies.
Checkpoint Training::now(std::int64_t step) const {
  return {step, std::min(1.0, progress(step)), named_parameters(*model_.network), average_->state(),
          optimizer_->state()};
}

void Training::save(const Checkpoint& checkpoint) {
  if (!is_root()) return;
  TrainingState state;
  state.now = checkpoint;
  if (best_ && best_->step != checkpoint.step) state.best = best_;
  state.seconds = earlier_seconds_ + seconds_since(start_);
  state.interval_loss = interval_loss_.item<double>();
  state.interval_steps = interval_steps_;
  state.course = course_;
  state.untrained = untrained_;
  state.history = history_;
  data::Provenance provenance;
  provenance.format = data::kModelFormat;
  provenance.seed = request_.seed;
  provenance.config = request_.config_toml;
  save_model(request_.output_path, provenance, model_, average_->averages(), state);
}

/// Back to the row of least validation loss, in memory and in the file.
void Training::go_back() {
  restore(*best_);
  const std::size_t rows = best_row(history_) + 1;
  for (auto* column :
       {&history_.step, &history_.loss, &history_.validation_loss, &history_.seconds, &history_.learning_rate})
    column->resize(rows);
  interval_loss_.zero_();
  interval_steps_ = 0;
  save(*best_);
}

std::string Training::advice() const {
  return "Lower training.learning_rate (" + short_text(config_.optimizer.learning_rate) + "), or check the data.";
}

void Training::give_up(std::int64_t step, const std::string& quantity) {
  if (!best_)
    throw DivergenceError(
        step, quantity,
        (std::filesystem::exists(request_.output_path) ? "The last checkpoint is kept. " : "Nothing was written. ") +
            advice());
  go_back();
  throw DivergenceError(
      step, quantity,
      request_.output_path + " holds the best checkpoint, of step " + std::to_string(best_->step) + ". " + advice());
}

/// What has become of the validation loss, and what follows from it.
void Training::judge_end(TrainResult& result) {
  result.kept_step = result.steps;
  if (history_.loss.empty()) return;
  result.final_loss = history_.loss.back();
  result.validation_loss = history_.validation_loss.back();
  if (result.interrupted || !best_) return;
  result.verdict = judge(history_, untrained_);
  if (result.verdict == Verdict::sound) return;
  const double last = result.validation_loss;
  if (best_->step < result.steps) go_back();
  result.kept_step = best_->step;
  result.validation_loss = history_.validation_loss.back();
  const std::string kept = " " + request_.output_path + " holds the checkpoint of step " +
                           std::to_string(result.kept_step) + ", where the validation loss was least (" +
                           short_text(result.validation_loss) + "; " + short_text(last) + " at step " +
                           std::to_string(result.steps) + ").";
  result.judgement = result.verdict == Verdict::diverged
                         ? "the training diverged." + kept + " " + advice()
                         : "the training overfits: the loss of the particles that are trained on falls, that of the "
                           "others rises." +
                               kept + " More particles, more batch.jitter or fewer steps help.";
}

}  // namespace scorefield::training
