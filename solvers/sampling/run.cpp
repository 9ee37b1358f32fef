#include "solvers/sampling/run.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "solvers/sampling/frames.hpp"
#include "solvers/sampling/replicas.hpp"
#include "solvers/sampling/rows.hpp"
#include "solvers/sampling/verdict.hpp"

namespace scorefield::sampling {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kSlow = 0.25;  ///< s an iteration

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Particles where the target has no density stand for nothing.
void warn_of_outsiders(RunResult& result) {
  const auto outside = (~torch::isfinite(result.log_prob)).sum().item<std::int64_t>();
  if (outside == 0) return;
  result.warnings.push_back(
      std::to_string(outside) + " of " + std::to_string(result.log_prob.size(0)) +
      " particles lie where log p is not a finite number, outside of the target's support. Do not "
      "use them: start inside (--initial, sample.start_shift), write the target in coordinates "
      "without bounds, or take another method (gas, smc).");
}

/// What the method has to say, after what it said before an interruption.
void collect_notes(std::vector<std::string>& notes, const Sampler& sampler) {
  for (auto& note : sampler.notes())
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

std::unique_ptr<Sampler> make_sampler(const RunRequest& request, std::int64_t steps) {
  const Setup setup{request.target, request.initial, request.seed, steps, request.device};
  const auto replicas = request.options.replicas;
  return replicas > 1 ? make_replicas(request.method, setup, replicas) : request.method.make(setup);
}

std::unique_ptr<Sampler> started(const RunRequest& request, std::int64_t steps) {
  const Abandonable nothing_to_lose;
  return make_sampler(request, steps);
}

std::string run_detail(const Sampler& sampler) {
  const auto trace = sampler.trace();
  if (trace.empty()) return {};
  char text[64];
  std::snprintf(text, sizeof text, "%s %.4g", trace.front().first.c_str(), trace.front().second);
  return text;
}

/// A run between two iterations.
class Run {
 public:
  explicit Run(const RunRequest& request)
      : request_(request),
        steps_(request.options.steps > 0 ? request.options.steps : request.method.default_steps),
        sampler_(started(request, steps_)) {
    result_.method = request.method.name;
    if (request.resume) restore(*request.resume);
    else keep_frame(result_.frames, request.options.frames, 0, *sampler_);
  }

  void complete() {
    while (result_.iterations < steps_ && !(request_.options.stop && sampler_->converged())) {
      iterate();
      if (result_.iterations == steps_) break;
      if (interrupt_requested()) {
        save();
        throw Interrupted("interrupted after iteration " + std::to_string(result_.iterations));
      }
      if (request_.options.checkpoint_interval > 0 && seconds_since(saved_) >= request_.options.checkpoint_interval)
        save();
    }
  }

  [[nodiscard]] RunResult finish() {
    result_.samples = sampler_->particles().detach().to(torch::kCPU, torch::kFloat64).contiguous();
    if (!torch::isfinite(result_.samples).all().item<bool>())
      throw DivergenceError(result_.iterations, "a particle's position", "Use a smaller step.");
    result_.weights = sampler_->weights();
    if (request_.target->has_log_density()) {
      result_.log_prob = request_.target->log_density(result_.samples);
      if (request_.options.frames > 0) result_.density = density_grid(*request_.target, result_.samples);
      if (!request_.options.check) warn_of_outsiders(result_);
    }
    check();
    request_.target->set_count(result_.evaluations);  // what the file adds is no cost of the method
    result_.extras = sampler_->extras();
    result_.frames =
        choose_frames(std::move(result_.frames), request_.options.frames, result_.iterations, result_.samples);
    collect_notes(result_.notes, *sampler_);
    result_.converged = sampler_->converged();
    result_.log_evidence = sampler_->log_evidence();
    return std::move(result_);
  }

 private:
  void check() {
    if (!request_.options.check) return;
    result_.checks = judge({.samples = result_.samples,
                            .weights = result_.weights,
                            .initial = request_.initial,
                            .sampler = *sampler_,
                            .replicas = request_.options.replicas,
                            .seed = request_.seed},
                           request_.target);
    if (const auto why = distrust(result_.checks); !why.empty()) result_.warnings.push_back(why);
    if (request_.options.replicas > 1)
      result_.replica = replica_of_particles(result_.samples.size(0), request_.options.replicas);
  }

  /// Whether an iteration takes so long that a request to stop cannot wait for its end.
  [[nodiscard]] bool slow() const {
    return result_.seconds > kSlow * static_cast<double>(result_.iterations);  // with none so far, it may be
  }

  /// One step, given up at an interrupt where it is slow; the run then goes on from the iteration before.
  void step() {
    const bool first = result_.iterations == 0;
    if (!first && !slow()) return sampler_->step();
    const std::optional<Snapshot> before = first ? std::nullopt : std::optional(snapshot());
    try {
      const Abandonable kept;
      sampler_->step();
    } catch (const Interrupted&) {
      if (before && request_.save) request_.save(*before);
      throw Interrupted(first ? "interrupted in the first iteration; nothing was written."
                              : "interrupted after iteration " + std::to_string(result_.iterations));
    }
  }

  void iterate() {
    const auto start = Clock::now();
    step();
    ++result_.iterations;
    result_.seconds += seconds_since(start);
    result_.evaluations = request_.target->count();
    for (const auto& [name, value] : sampler_->trace()) result_.trace[name].push_back(value);
    result_.trace["score_evaluations"].push_back(static_cast<double>(result_.evaluations.score));
    keep_frame(result_.frames, request_.options.frames, result_.iterations, *sampler_);
    if (request_.observer) request_.observer({result_.method, result_.iterations, steps_, run_detail(*sampler_)});
  }

  void exchange(StateArchive& archive) {
    archive.group("run", [&] {
      archive.count("iterations", result_.iterations, 1, steps_);
      archive.number("seconds", result_.seconds);
      archive.count("score_evaluations", result_.evaluations.score);
      archive.count("density_evaluations", result_.evaluations.density);
      archive.count("calls", result_.evaluations.calls);
    });
    archive.group("trace", [&] {
      auto columns = sampler_->trace();
      columns.emplace_back("score_evaluations", 0);
      for (const auto& [name, value] : columns)  // an energy is infinite where a particle is and p is zero
        archive.array(name, {result_.iterations}, result_.trace[name], StateArchive::Numbers::not_nan);
    });
    archive.group("frames",
                  [&] { sampling::exchange(archive, result_.frames, request_.initial.sizes(), result_.iterations); });
    archive.group("state", [&] { sampler_->exchange(archive); });
  }

  [[nodiscard]] Snapshot snapshot() {
    collect_notes(result_.notes, *sampler_);
    StateArchive archive;
    exchange(archive);
    return {"", archive.take(), result_.notes};
  }

  void save() {
    if (request_.save) request_.save(snapshot());
    saved_ = Clock::now();
  }

  void restore(const Snapshot& snapshot) {
    StateArchive archive(snapshot.arrays, snapshot.origin);
    exchange(archive);
    archive.finish();
    result_.notes = snapshot.notes;
    request_.target->set_count(result_.evaluations);
  }

  const RunRequest& request_;
  std::int64_t steps_;
  std::unique_ptr<Sampler> sampler_;
  RunResult result_;
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

bool RunResult::trusted() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.passed(); });
}

NamedArrays RunResult::arrays() const {
  NamedArrays all{{"samples", array_of(samples)}};
  if (weights.defined()) all["weights"] = array_of(weights);
  if (log_prob.defined()) all["log_prob"] = array_of(log_prob);
  for (const auto& [name, column] : trace) all["trace/" + name] = {{static_cast<std::int64_t>(column.size())}, column};
  for (const auto& [name, tensor] : extras) all["extra/" + name] = array_of(tensor);
  for (const auto& check : checks) all["checks/" + check.name] = {{2}, std::vector<double>{check.value, check.floor}};
  if (!replica.empty()) all["replica"] = {{static_cast<std::int64_t>(replica.size())}, replica};
  if (!frames.iterations.empty()) {
    all["frames/iterations"] = {{static_cast<std::int64_t>(frames.iterations.size())}, frames.iterations};
    all["frames/positions"] = array_of(torch::stack(frames.clouds));
  }
  if (density.log_prob.defined()) {
    all["density/axis0"] = array_of(density.axis[0]);
    all["density/axis1"] = array_of(density.axis[1]);
    all["density/log_prob"] = array_of(density.log_prob);
  }
  return all;
}

RunResult run(const RunRequest& request) {
  require("the number of frames", request.options.frames, at_least(0));
  require("the number of replicas", request.options.replicas, at_least(1));
  require("the interval of checkpoints in seconds", request.options.checkpoint_interval, at_least(0));
  Run run(request);
  run.complete();
  return run.finish();
}

}  // namespace scorefield::sampling
