#include "training/sample/sample.hpp"

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"
#include "data/samples_file.hpp"
#include "solvers/sampling/rows.hpp"
#include "training/sample/content.hpp"
#include "training/score_target.hpp"

namespace scorefield::training {
namespace {

/// In units of a sample set's own, coordinate by coordinate, unless its deviation is given.
torch::Tensor drawn_cloud(const sampling::StartOptions& start, const targets::Target& target, std::uint64_t seed) {
  const auto points = target.sample_set();
  if (!points.defined() || start.scale > 0) return sampling::initial_cloud(start, target.dimension(), seed);
  auto centred = start;
  centred.shift = 0;
  auto x = points.mean(0) + sampling::initial_cloud(centred, target.dimension(), seed) * points.std(0, false);
  x.select(1, 0).add_(start.shift);
  return x;
}

torch::Tensor start_cloud(const SampleOptions& options, const targets::Target& target, std::uint64_t seed) {
  if (options.initial.empty()) return drawn_cloud(options.start, target, seed);
  const auto dimension = target.user_dimension();
  const auto cloud = alike(data::read_points(options.initial, {}));
  if (cloud.size(1) != dimension)
    throw UsageError(options.initial + ": its samples have " + std::to_string(cloud.size(1)) +
                     " coordinates, the target has " + std::to_string(dimension) + ".");
  return target.from_user(cloud);
}

/// The target by its name, and what a learned score adds to it.
struct OpenTarget {
  std::shared_ptr<sampling::CountedTarget> counted;
  std::shared_ptr<const ScoreTarget> model;  ///< null: the target is no network

  /// A learned score knows nothing far from its data: the run starts in them.
  [[nodiscard]] torch::Tensor start(const SampleOptions& options, std::uint64_t seed) const {
    if (!model) {
      const bool chosen = !options.initial.empty() || options.start.scale > 0 || options.start.shift != 0;
      const auto cloud = start_cloud(options, *counted, seed);
      return chosen || !options.start.locate ? cloud : sampling::located_cloud(cloud, counted, seed);
    }
    if (options.initial.empty()) return model->initial(options.start.particles);
    return model->unwrapped(start_cloud(options, *counted, seed));
  }
  /// Periodic coordinates of a finished run back into their box.
  void wrap(sampling::RunResult& result) const {
    if (!model) return;
    result.samples = model->wrapped(result.samples);
    for (auto& frame : result.frames.clouds) frame = model->wrapped(frame);
  }
};

OpenTarget open_target(const SampleRequest& request, torch::Device device) {
  const auto target =
      training::open_target(request.target, request.options.source, device, static_cast<std::uint64_t>(request.seed));
  return {std::make_shared<sampling::CountedTarget>(target, device),
          std::dynamic_pointer_cast<const ScoreTarget>(target)};
}

/// What the target has to say of its evaluations.
void add_notes(sampling::RunResult& result, const targets::Target& target) {
  for (auto& note : target.notes()) result.notes.push_back(std::move(note));
}

/// What an unfinished run of the same command has left.
std::optional<data::RunCheckpoint> left_over(const SampleRequest& request, const data::Provenance& provenance,
                                             const std::string& checkpoint) {
  if (!request.resume) return std::nullopt;
  return data::read_run_checkpoint(checkpoint, provenance);
}

/// The finished cloud beside what is known of the target. A request to stop leaves it out: the samples are written.
void add_diagnostics(SampleResult& result, const targets::Target& target, std::uint64_t seed) {
  try {
    const Abandonable written;
    result.diagnostics = sampling::diagnose(target, result.run.samples, result.run.weights, seed);
  } catch (const Interrupted&) {
    result.run.warnings.emplace_back(
        "interrupted after the samples were written: they were not compared with what is known of the target.");
  }
}

/// The run, whose snapshots go to OUTPUT.checkpoint.
sampling::RunResult run_with_checkpoints(sampling::RunRequest run, const std::string& checkpoint,
                                         const data::Provenance& provenance,
                                         const std::optional<data::RunCheckpoint>& left) {
  if (left) run.resume = {checkpoint, left->arrays, left->notes};
  bool saved = left.has_value();
  run.save = [&](const sampling::Snapshot& snapshot) {
    saved = true;
    data::write_run_checkpoint(checkpoint, {provenance, snapshot.arrays, snapshot.notes, run.method.name});
  };
  try {
    return sampling::run(run);
  } catch (const Interrupted& stop) {
    if (!saved) throw;
    throw Interrupted(std::string(stop.what()) + "; go on with --resume (" + checkpoint + ").");
  }
}

/// The run by the chosen method; where `auto` took the grid, whose cloud its checks refuse, by the gas after it.
SampleResult run_method(const SampleRequest& request, const OpenTarget& target, sampling::RunRequest run,
                        const sampling::Choice& choice, const data::Provenance& provenance) {
  const auto& options = request.options;
  const std::string checkpoint = request.output_path + ".checkpoint";
  auto left = left_over(request, provenance, checkpoint);
  const bool may_change = options.method == "auto" && choice.method.name == "mpm" && target.counted->has_log_density();
  std::string why = "on the grid (mpm) the cloud did not pass its checks";
  if (!may_change || !left || left->method != "gas") {
    try {
      SampleResult result{run_with_checkpoints(run, checkpoint, provenance, left), choice.reason, {}};
      if (!may_change || result.run.trusted()) return result;
      why = "on the grid (mpm) the cloud did not pass the check";
      for (const auto& check : result.run.checks)
        if (!check.passed()) why += " " + check.name;
    } catch (const UsageError&) {
      throw;
    } catch (const Interrupted&) {
      throw;
    } catch (const FileError&) {  // a checkpoint that is damaged, or cannot be written
      throw;
    } catch (const Error& error) {
      if (!may_change) throw;
      why = "on the grid (mpm): " + std::string(error.what());
      while (why.ends_with('.')) why.pop_back();
    }
    left.reset();
    target.counted->set_count({});
  }
  if (request.message) request.message("method gas: " + why);
  run.method = sampling::choose_method(options.methods, "gas", *target.counted).method;
  return {run_with_checkpoints(run, checkpoint, provenance, left), choice.reason + "; " + why + ": the gas", {}};
}

}  // namespace

void bind(OptionSet& set, SampleOptions& options) {
  set.add("sample.method", options.method, "auto or a method of 'scorefield list methods'");
  set.add("sample.particles", options.start.particles, in(2, 2e9), "number of particles N");
  set.add("sample.steps", options.run.steps, at_least(0), "iterations at most; 0: the method's default");
  set.add("sample.stop", options.run.stop, "stop when the method's own rule says that the cloud has come to rest");
  set.add("sample.check", options.run.check,
          "ask the finished cloud whether it is to be trusted: finite, at rest, Stein's identity, mode shares, lost "
          "modes");
  set.add("sample.replicas", options.run.replicas, in(1, 64),
          "independent runs that share the particles; from 2 on they are compared (split R-hat, mode shares)");
  set.add("sample.initial", options.initial,
          "a samples file whose cloud is the start, drawn by its weights where it has some; also a .npy or the first "
          "frame of "
          "a dataset");
  set.add("sample.start_scale", options.start.scale, at_least(0),
          "deviation of the initial cloud; 0: 3 up to d = 2, 2 above, around 0; for a sample set so many of its own, "
          "around its mean");
  set.add(
      "sample.locate", options.start.locate,
      "where optimisations from the default start find modes outside of it, or much wider ones, start around those");
  set.add("sample.start_shift", options.start.shift, any_number(),
          "added to the first coordinate of the initial cloud");
  set.add("sample.frames", options.run.frames, in(0, 1000),
          "clouds of the run that the file keeps, for scripts/plot samples; 0: none");
  set.add("sample.checkpoint_interval", options.run.checkpoint_interval, at_least(0),
          "seconds between checkpoints, from which a killed run can go on; 0: only when interrupted");
  set.add("sample.diagnostics", options.diagnose, "compare the samples with what is known of the target");
  bind(set, options.source);
  for (const auto& method : options.methods) method.bind(set);
}

SampleResult sample(const SampleRequest& request) {
  const auto& options = request.options;
  { const data::AtomicFile writable(request.output_path); }  // fail before the work, not after it
  const torch::Device device(request.device);
  const auto seed = static_cast<std::uint64_t>(request.seed);
  const data::Provenance provenance{.seed = request.seed, .config = request.config_toml};
  const std::string checkpoint = request.output_path + ".checkpoint";
  const auto target = open_target(request, device);
  const auto choice = sampling::choose_method(options.methods, options.method, *target.counted);
  if (!choice.reason.empty() && request.message) request.message("method " + choice.method.name + ": " + choice.reason);
  auto result = run_method(request, target,
                           {.options = options.run,
                            .method = choice.method,
                            .target = target.counted,
                            .initial = target.start(options, seed),
                            .seed = seed,
                            .device = device,
                            .observer = request.observer},
                           choice, provenance);
  target.wrap(result.run);
  add_notes(result.run, *target.counted);
  auto content = samples_content(result.run, *target.counted, seed);
  content.provenance = provenance;
  content.target = request.target;
  data::write_samples(request.output_path, content);
  std::error_code missing;
  std::filesystem::remove(checkpoint, missing);  // now that nothing can be lost any more
  if (options.diagnose) add_diagnostics(result, *target.counted, seed);
  return result;
}

}  // namespace scorefield::training
