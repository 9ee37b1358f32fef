#include "training/compare/cell_run.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/model_header.hpp"
#include "training/compare/closed_form.hpp"
#include "training/compare/standing.hpp"
#include "training/compare/stopwatch.hpp"
#include "training/loss_noise.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/model_file.hpp"
#include "training/rollout/guide.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::compare {
namespace {

namespace fs = std::filesystem;

std::string model_path(const CellTask& task) { return task.stem + ".h5"; }

std::string title(const CellTask& task) {
  return task.problem.name + " " + task.method.name + " seed " + std::to_string(task.seed);
}

/// Seconds of an interrupted training of the same cell, whose model is there; absent: it begins anew.
std::optional<double> seconds_so_far(const CellTask& task) {
  if (task.time_limit() > 0 || !fs::exists(model_path(task))) return std::nullopt;
  try {
    const auto file = h5::File::open(model_path(task));
    const auto header = data::read_model_header(file);
    const bool same = header.provenance.config == task.plan.train_toml && header.provenance.seed == task.seed &&
                      header.data.provenance.config == data::DatasetReader(task.data.train).header().provenance.config;
    if (!same || header.step >= task.plan.train.training.steps || !file.exists("/training/weights"))
      return std::nullopt;
    return file.number_attribute("/training", "seconds");
  } catch (const FileError&) {  // damaged, or of another version
    return std::nullopt;
  }
}

void train(const CellTask& task, Cell& cell) {
  const auto report = [&](const training::TrainProgress& progress) {
    if (task.observer && progress.message.empty())
      task.observer({title(task) + ": training",
                     progress.step,
                     progress.total_steps,
                     "loss " + std::to_string(progress.loss),
                     {progress.steps_per_second, progress.seconds_left}});
  };
  // Fixed steps that were interrupted go on to the same last bit; a time limit is for one run.
  const auto earlier = seconds_so_far(task);
  const auto result = training::train({.data_path = task.data.train,
                                       .output_path = model_path(task),
                                       .config = task.plan.train,
                                       .config_toml = task.plan.train_toml,
                                       .seed = task.seed,
                                       .resume = earlier.has_value(),
                                       .time_limit_seconds = task.time_limit(),
                                       .device = task.device,
                                       .observer = report});
  cell.training_seconds = result.seconds + earlier.value_or(0);
  cell.steps = static_cast<double>(result.steps);
  cell.step_milliseconds = 1e3 * result.step_seconds;
  cell.parameters = static_cast<double>(result.parameters);
  cell.validation_loss = result.validation_loss;
  cell.conditional = task.plan.train.loss.chosen().marginal_sampler() != nullptr;
  cell.snapshots = task.plan.train.batch.identity == training::IdentityUse::ignore;
}

/// Whether the trained model is a network whose batches and potential can be looked at.
bool is_network(const CellTask& task) { return training::load_model(model_path(task)).network != nullptr; }

void measure_noise(const CellTask& task, Cell& cell) {
  if (task.experiment.noise_batches == 0 || !is_network(task)) return;
  const auto noise = training::measure_loss_noise(model_path(task), task.data.train, task.plan.train, task.seed + 1,
                                                  task.experiment.noise_batches);
  cell.loss_at_end = noise.mean;
  cell.loss_deviation = noise.deviation;
  cell.gradient_noise = noise.gradient_noise;
}

void compare_closed_form(const CellTask& task, Cell& cell) {
  const auto& loss = task.plan.train.loss;
  if (!is_network(task) || !loss.chosen().drift_use() || loss.sigma != 0) return;
  if (!has_closed_form(*plan_data(task.problem, DataRole::test).problem, task.data.test_mu.front())) return;
  const auto found = compare_with_closed_form(model_path(task), task.data.test);
  cell.drift_error = found.drift_error;
  cell.integrand_error = found.integrand_error;
  cell.integrand = {found.time, found.exact, found.learned};
}

/// Seconds of a prediction into `output`.
double predict(const CellTask& task, const training::InferOptions& options, const std::string& output) {
  const Stopwatch watch;
  static_cast<void>(training::infer({.model_path = model_path(task),
                                     .output_path = output,
                                     .options = options,
                                     .config_toml = task.plan.infer_toml,
                                     .seed = task.seed,
                                     .device = task.device}));
  return watch.seconds();
}

/// Leaves the rollouts at the test mu in a file.
void predict(const CellTask& task, const std::string& rollout, Cell& cell) {
  auto options = task.plan.infer;
  options.mu = task.data.test_mu;
  cell.inference_seconds = predict(task, options, rollout) / static_cast<double>(options.mu.size());
  cell.high_fidelity_seconds = task.data.seconds_per_mu;
  if (!task.data.coarse.empty()) cell.coarse_seconds = task.data.coarse_seconds;
  if (!task.times_all_frames()) return;
  options.mu.resize(1);
  options.frames = 0;
  options.start.particles = task.experiment.timing_particles;
  const std::string unused = task.stem + "-timing.h5";
  cell.all_frames_seconds = predict(task, options, unused);
  fs::remove(unused);
  cell.solver_frames_seconds = task.data.timed_seconds;
  cell.speed_up = task.data.timed_seconds / *cell.all_frames_seconds;
}

metrics::Evaluation evaluate(const CellTask& task, const std::string& rollout) {
  metrics::EvaluateRequest request{.rollout_path = rollout,
                                   .reference_path = task.data.test,
                                   .training_path = task.data.train,
                                   .options = task.experiment.evaluate,
                                   .observer = [&](Progress progress) {
                                     progress.stage = title(task) + ": " + progress.stage;
                                     if (task.observer) task.observer(progress);
                                   }};
  if (request.options.floor) request.options.floor_file = task.data.floor;
  request.options.coarse_file = task.data.coarse;
  return metrics::evaluate(request);
}

void evaluate(const CellTask& task, const std::string& rollout, Cell& cell) {
  const auto evaluation = evaluate(task, rollout);
  cell.mean = evaluation.mean;
  cell.per_mu.assign(evaluation.per_mu.begin(), evaluation.per_mu.end());
  if (const auto standing = standing_of(cell)) {
    cell.worst_to_nearest = standing->worst_to_nearest;
    cell.worst_to_runs = standing->worst_to_runs;
    cell.to_floor = standing->to_floor;
  }
}

/// The same model with a guide, where it moves populations and the method has none of its own.
void compare_guided(const CellTask& task, Cell& cell) {
  auto options = task.plan.infer;
  if (cell.conditional || options.guide != training::GuideKind::none ||
      options.log_density != training::LogDensityKind::none || !options.density.nodes.empty())
    return;
  if (const auto mover = training::load_model(model_path(task)).mover; mover && mover->grows()) return;
  options.guide = training::suitable_guide(data::DatasetReader(task.data.test).header().periods);
  options.mu = task.data.test_mu;
  const std::string rollout = task.stem + "-guided.h5";
  const double seconds = predict(task, options, rollout) / static_cast<double>(options.mu.size());
  cell.guided = GuidedRollouts{training::to_string(options.guide), seconds, evaluate(task, rollout).mean};
  fs::remove(rollout);
}

}  // namespace

std::string options_of(const CellTask& task) {
  const auto& evaluate = task.experiment.evaluate;
  nlohmann::json options{{"data", plan_data(task.problem, DataRole::train).options.config +
                                      plan_data(task.problem, DataRole::test).options.config},
                         {"train", task.plan.train_toml},
                         {"infer", task.plan.infer_toml},
                         {"evaluate", {evaluate.points, evaluate.epsilon, evaluate.projections, evaluate.frames}},
                         {"time_limit", task.time_limit()},
                         {"timing_particles", task.times_all_frames() ? task.experiment.timing_particles : 0},
                         {"noise_batches", task.experiment.noise_batches}};
  if (!evaluate.floor) options["floor"] = false;
  if (!task.data.coarse.empty()) options["coarse"] = plan_data(task.problem, DataRole::coarse).options.config;
  return options.dump();
}

Cell run_cell(const CellTask& task) {
  Cell cell;
  try {
    const std::string rollout = task.stem + "-rollout.h5";
    train(task, cell);
    measure_noise(task, cell);
    compare_closed_form(task, cell);
    predict(task, rollout, cell);
    evaluate(task, rollout, cell);
    fs::remove(rollout);
    compare_guided(task, cell);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    cell.error = error.what();
  }
  cell.problem = task.problem.name;
  cell.method = task.method.name;
  cell.seed = task.seed;
  cell.options = options_of(task);
  return cell;
}

}  // namespace scorefield::compare
