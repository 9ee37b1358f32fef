#include "training/compare/compare.hpp"

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"
#include "data/dataset.hpp"
#include "training/compare/closed_form.hpp"
#include "training/compare/standing.hpp"
#include "training/compare/table.hpp"
#include "training/loss_noise.hpp"
#include "training/trainer.hpp"

namespace scorefield::compare {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A stored JSON file, or null when there is none that can be read.
json read_json(const fs::path& path) {
  if (!fs::exists(path)) return nullptr;
  return json::parse(data::read_text_file(path.string()), nullptr, false);
}

/// The data files of one problem.
struct ProblemData {
  std::string train, test, floor;
  std::vector<double> test_mu;
  double high_fidelity_seconds = 0;  ///< per test mu
};

class Runner {
 public:
  Runner(const Experiment& experiment, std::string folder, std::string device, const ProgressObserver& observer)
      : experiment_(experiment), folder_(std::move(folder)), device_(std::move(device)), observer_(observer) {}

  CompareSummary run();

 private:
  [[nodiscard]] std::string generate(const ProblemPlan& plan, DataRole role, double& seconds) const;
  [[nodiscard]] double time_limit(const ProblemPlan& plan) const {
    return plan.time_limit < 0 ? experiment_.time_limit : plan.time_limit;
  }
  [[nodiscard]] ProblemData prepare(const ProblemPlan& plan) const;
  [[nodiscard]] json compute(const ProblemPlan& problem, const MethodPlan& method, std::int64_t seed,
                             const CellPlan& plan, const ProblemData& data, const fs::path& base) const;
  void write_tables(const json& rows) const;

  const Experiment& experiment_;
  fs::path folder_;
  std::string device_;
  ProgressObserver observer_;
};

/// Makes one high-fidelity file unless it is there with the same configuration. `seconds`: per mu, when it was made.
std::string Runner::generate(const ProblemPlan& plan, DataRole role, double& seconds) const {
  const auto data = plan_data(plan, role);
  const auto stem = folder_ / "data" / (plan.name + "-" + to_string(role));
  const std::string path = stem.string() + ".h5", times = stem.string() + ".json";
  const auto known = read_json(times);
  const bool same = known.is_object() && known.value("config", "") == data.config && fs::exists(path);
  if (same) {
    seconds = known.value("seconds_per_mu", 0.0);
    return path;
  }
  fs::create_directories(folder_ / "data");
  const Stopwatch watch;
  data.problem->generate(data.options, data.config, path, [&](Progress progress) {
    progress.stage = plan.name + " " + to_string(role) + " data: " + progress.stage;
    if (observer_) observer_(progress);
  });
  seconds = watch.seconds() / static_cast<double>(data.options.mu.size());
  data::write_text_file(times, json{{"config", data.config}, {"seconds_per_mu", seconds}}.dump(2) + "\n");
  return path;
}

ProblemData Runner::prepare(const ProblemPlan& plan) const {
  ProblemData data;
  double unused = 0;
  data.train = generate(plan, DataRole::train, unused);
  data.test = generate(plan, DataRole::test, data.high_fidelity_seconds);
  data.floor = generate(plan, DataRole::floor, unused);
  data.test_mu = plan_data(plan, DataRole::test).options.mu;
  return data;
}

/// The scalar metrics of an evaluation, without its histories.
json scalars(const json& row) {
  json result = json::object();
  for (const auto& [key, value] : row.items())
    if (value.is_number() || value.is_boolean() || key == "mu") result[key] = value;
  return result;
}

json Runner::compute(const ProblemPlan& problem, const MethodPlan& method, std::int64_t seed, const CellPlan& plan,
                     const ProblemData& data, const fs::path& base) const {
  const std::string where = problem.name + " " + method.name + " seed " + std::to_string(seed);
  const std::string model = base.string() + ".h5", rollout = base.string() + "-rollout.h5";
  json row;
  const auto trained = training::train({.data_path = data.train,
                                        .output_path = model,
                                        .config = plan.train,
                                        .config_toml = plan.train_toml,
                                        .seed = seed,
                                        .time_limit_seconds = time_limit(problem),
                                        .device = device_},
                                       [&](const training::TrainProgress& progress) {
                                         if (observer_ && progress.message.empty())
                                           observer_({where + ": training",
                                                      progress.step,
                                                      progress.total_steps,
                                                      "loss " + std::to_string(progress.loss),
                                                      {progress.steps_per_second, progress.seconds_left}});
                                       });
  row["training_seconds"] = trained.seconds;
  row["steps"] = trained.steps;
  row["step_milliseconds"] = 1e3 * trained.step_seconds;
  row["parameters"] = trained.parameters;
  row["validation_loss"] = trained.validation_loss;
  row["conditional"] = training::is_conditional(plan.train.loss.kind);
  if (experiment_.noise_batches > 0) {
    const auto noise = training::measure_loss_noise(model, data.train, plan.train, seed + 1, experiment_.noise_batches);
    row["loss_at_end"] = noise.mean;
    row["loss_deviation"] = noise.deviation;
    row["gradient_noise"] = noise.gradient_noise;
  }
  if (problem.problem == "oscillator" && !training::learns_distribution(plan.train.loss.kind) &&
      plan.train.loss.sigma == 0) {
    const auto closed = compare_with_oscillator(model, data.test);
    row["drift_error"] = closed.drift_error;
    row["integrand_error"] = closed.integrand_error;
    row["integrand"] = {{"time", closed.time}, {"exact", closed.exact}, {"learned", closed.learned}};
  }
  auto infer = plan.infer;
  infer.mu = data.test_mu;
  const Stopwatch watch;
  static_cast<void>(training::infer(model, rollout, infer, plan.infer_toml, seed, device_));
  const double inference = watch.seconds() / static_cast<double>(infer.mu.size());
  row["inference_seconds"] = inference;
  row["high_fidelity_seconds"] = data.high_fidelity_seconds;
  row["speed_up"] = data.high_fidelity_seconds / inference;

  if (experiment_.timing_particles > 0 && seed == experiment_.seeds.front()) {
    auto all = infer;
    all.mu.resize(1);
    all.frames = 0;
    all.particles = experiment_.timing_particles;
    const std::string unused = base.string() + "-timing.h5";
    const Stopwatch timing;
    static_cast<void>(training::infer(model, unused, all, plan.infer_toml, seed, device_));
    row["all_frames_seconds"] = timing.seconds();
    fs::remove(unused);
  }

  auto options = experiment_.evaluate;
  options.rollout = rollout;
  options.reference = data.test;
  options.training = data.train;
  options.floor_file = data.floor;
  const auto evaluated = json::parse(metrics::to_json(metrics::evaluate(options, [&](Progress progress) {
    progress.stage = where + ": " + progress.stage;
    if (observer_) observer_(progress);
  })));
  row["mean"] = scalars(evaluated.at("mean"));
  row["per_mu"] = json::array();
  for (const auto& mu : evaluated.at("per_mu")) row["per_mu"].push_back(scalars(mu));
  if (const auto standing = standing_of(row)) {
    if (standing->worst_to_nearest) row["worst_to_nearest"] = *standing->worst_to_nearest;
    if (standing->to_floor) row["to_floor"] = *standing->to_floor;
  }
  fs::remove(rollout);
  return row;
}

void Runner::write_tables(const json& rows) const {
  const json all{{"name", experiment_.name}, {"summary", experiment_.summary}, {"cells", rows}};
  data::write_text_file((folder_ / "table.json").string(), all.dump(2) + "\n");
  data::write_text_file((folder_ / "table.csv").string(), to_csv(rows));
  data::write_text_file((folder_ / "table.md").string(), to_markdown(experiment_.name, experiment_.summary, rows));
}

CompareSummary Runner::run() {
  CompareSummary summary;
  json rows = json::array();
  for (const auto& problem : experiment_.problems) {
    const auto data = prepare(problem);
    for (const auto& method : experiment_.methods) {
      const auto plan = plan_cell(experiment_, problem, method);
      for (const auto seed : experiment_.seeds) {
        ++summary.cells;
        const auto folder = folder_ / "cells" / problem.name / method.name;
        fs::create_directories(folder);
        const auto base = folder / ("seed-" + std::to_string(seed));
        const json options{
            {"data", plan_data(problem, DataRole::train).config + plan_data(problem, DataRole::test).config},
            {"train", plan.train_toml},
            {"infer", plan.infer_toml},
            {"evaluate",
             {experiment_.evaluate.points, experiment_.evaluate.epsilon, experiment_.evaluate.projections,
              experiment_.evaluate.frames}},
            {"time_limit", time_limit(problem)},
            {"timing_particles", seed == experiment_.seeds.front() ? experiment_.timing_particles : 0},
            {"noise_batches", experiment_.noise_batches}};
        const auto known = read_json(base.string() + ".json");
        if (known.is_object() && known.value("status", "") == "done" && known.value("options", json()) == options) {
          ++summary.reused;
          rows.push_back(known);
          continue;
        }
        json row;
        try {
          row = compute(problem, method, seed, plan, data, base);
          row["status"] = "done";
          ++summary.computed;
        } catch (const Interrupted&) {
          throw;
        } catch (const std::exception& error) {
          row = {{"status", "failed"}, {"error", error.what()}};
          ++summary.failed;
        }
        row["problem"] = problem.name;
        row["method"] = method.name;
        row["seed"] = seed;
        row["options"] = options;
        data::write_text_file(base.string() + ".json", row.dump(2) + "\n");
        rows.push_back(row);
        write_tables(rows);
      }
    }
  }
  write_tables(rows);
  return summary;
}

}  // namespace

CompareSummary run_experiment(const Experiment& experiment, const std::string& folder, const std::string& device,
                              const ProgressObserver& observer) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem || !fs::is_directory(folder))
    throw FileError(folder, "cannot be made a folder: " + problem.message() + ".");
  return Runner(experiment, folder, device, observer).run();
}

}  // namespace scorefield::compare
