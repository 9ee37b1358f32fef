#include <ATen/core/Tensor.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/option_list.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/samples_file.hpp"
#include "models/targets/catalogue.hpp"
#include "solvers/sampling/diagnostics.hpp"
#include "solvers/sampling/registry.hpp"
#include "solvers/sampling/rows.hpp"
#include "solvers/sampling/run.hpp"
#include "solvers/sampling/start.hpp"
#include "training/score_target.hpp"

namespace scorefield::apps {
namespace {

struct SampleOptions {
  std::string target;
  std::string method = "auto";
  std::string initial;  ///< a samples file to start from
  bool diagnose = true;
  sampling::StartOptions start;
  sampling::RunOptions run;
  targets::TargetOptions source;
};

void declare_sample(CommandLine& line) {
  line.add_argument("target");
  line.add_flag("output", "SAMPLES.h5", "the samples to write");
  line.add_shorthand("method", "M", "sample.method", "auto or a method of 'scorefield list methods' (default auto)");
  line.add_shorthand("particles", "N", "sample.particles", "particles (default 1000)");
  line.add_shorthand("steps", "K", "sample.steps", "iterations at most (default: the method's)");
  line.add_shorthand("initial", "SAMPLES.h5", "sample.initial", "start from the cloud of a samples file");
  line.add_switch("resume",
                  "continue an interrupted or killed run of the same command from SAMPLES.h5.checkpoint, bit for bit");
  line.add_example("scorefield sample banana --output samples.h5");
  line.add_example("scorefield sample posterior.pt --method gas --particles 2000 --output samples.h5");
}

void bind(OptionSet& set, SampleOptions& options, const std::vector<sampling::Method>& methods) {
  set.add("target", options.target, "the density to sample");
  set.add("sample.method", options.method, "auto or a method of 'scorefield list methods'");
  set.add("sample.particles", options.start.particles, in(2, 2e9), "number of particles N");
  set.add("sample.steps", options.run.steps, at_least(0), "iterations at most; 0: the method's default");
  set.add("sample.stop", options.run.stop, "stop when the method's own rule says that the cloud has come to rest");
  set.add("sample.initial", options.initial, "a samples file whose cloud is the start");
  set.add("sample.start_scale", options.start.scale, at_least(0),
          "deviation of the initial cloud; 0: 3 up to d = 2, 2 above");
  set.add("sample.start_shift", options.start.shift, any_number(),
          "added to the first coordinate of the initial cloud");
  set.add("sample.frames", options.run.frames, in(0, 1000),
          "clouds of the run that the file keeps, for scripts/plot samples; 0: none");
  set.add("sample.checkpoint_interval", options.run.checkpoint_interval, at_least(0),
          "seconds between checkpoints, from which a killed run can go on; 0: only when interrupted");
  set.add("sample.diagnostics", options.diagnose, "compare the samples with what is known of the target");
  targets::bind(set, options.source);
  for (const auto& method : methods) method.bind(set);
}

std::shared_ptr<const training::ScoreTarget> open_model_target(const std::string& path,
                                                               const targets::SampleSetOptions& at) {
  if (!training::is_score_model(path))
    throw UsageError(
        path +
        " holds the potential of a reduced model, whose gradient is a velocity, not a score. Sampling needs "
        "a network trained with --set loss.name=dsm.");
  return at.mu == 0 ? std::make_shared<const training::ScoreTarget>(path)
                    : std::make_shared<const training::ScoreTarget>(path, std::vector<double>{at.mu}, at.time);
}

torch::Tensor start_cloud(const SampleOptions& options, std::int64_t dimension, std::uint64_t seed) {
  if (options.initial.empty()) return sampling::initial_cloud(options.start, dimension, seed);
  const auto cloud = sampling::tensor_of(data::read_samples(options.initial));
  if (cloud.size(1) != dimension)
    throw UsageError(options.initial + ": its samples have " + std::to_string(cloud.size(1)) +
                     " coordinates, the target has " + std::to_string(dimension) + ".");
  return cloud;
}

/// The target by its name, and what a learned score adds to it.
struct OpenTarget {
  std::shared_ptr<sampling::CountedTarget> counted;
  std::shared_ptr<const training::ScoreTarget> model;  ///< null: the target is no network

  /// A learned score knows nothing far from its data: the run starts in them.
  [[nodiscard]] torch::Tensor start(const SampleOptions& options, std::uint64_t seed) const {
    if (!model) return start_cloud(options, counted->dimension(), seed);
    if (options.initial.empty()) return model->initial(options.start.particles);
    return model->unwrapped(start_cloud(options, counted->dimension(), seed));
  }
  /// Periodic coordinates of a finished run back into their box.
  void wrap(sampling::RunResult& result) const {
    if (!model) return;
    result.samples = model->wrapped(result.samples);
    for (auto& frame : result.frames.clouds) frame = model->wrapped(frame);
  }
};

OpenTarget open_target(const SampleOptions& options, torch::Device device) {
  OpenTarget target;
  const auto open_model = [&](const std::string& path, const targets::TargetOptions& at) {
    return target.model = open_model_target(path, at.samples);
  };
  target.counted = std::make_shared<sampling::CountedTarget>(
      targets::open_target(options.target, options.source, device, open_model), device);
  return target;
}

/// The run, whose snapshots go to SAMPLES.h5.checkpoint.
sampling::RunResult run_with_checkpoints(sampling::RunRequest request, const std::string& checkpoint,
                                         const data::Provenance& provenance, bool resume) {
  if (resume) {
    auto left = data::read_run_checkpoint(checkpoint, provenance);
    request.resume = {checkpoint, std::move(left.arrays), std::move(left.notes)};
  }
  request.save = [&](const sampling::Snapshot& snapshot) {
    data::write_run_checkpoint(checkpoint, {provenance, snapshot.arrays, snapshot.notes});
  };
  try {
    return sampling::run(request);
  } catch (const Interrupted& stop) {
    throw Interrupted(std::string(stop.what()) + "; go on with --resume (" + checkpoint + ").");
  }
}

/// What the file says of the run.
data::SamplesFile content(const SampleOptions& options, const data::Provenance& provenance,
                          const sampling::RunResult& result) {
  return {.provenance = provenance,
          .method = result.method,
          .target = options.target,
          .iterations = result.iterations,
          .score_evaluations = result.evaluations.score,
          .density_evaluations = result.evaluations.density,
          .converged = result.converged,
          .notes = result.notes,
          .arrays = result.arrays()};
}

nlohmann::ordered_json facts(const SampleOptions& options, const std::string& output, const std::string& reason,
                             const sampling::RunResult& result) {
  nlohmann::ordered_json object{{"command", "sample"},
                                {"target", options.target},
                                {"output", output},
                                {"method", result.method},
                                {"particles", result.samples.size(0)},
                                {"dimension", result.samples.size(1)},
                                {"iterations", result.iterations},
                                {"score_evaluations", result.evaluations.score},
                                {"density_evaluations", result.evaluations.density},
                                {"seconds", result.seconds},
                                {"converged", result.converged}};
  if (!reason.empty()) object["chosen_because"] = reason;
  for (const auto& [name, column] : result.trace)
    if (!column.empty() && name != "score_evaluations") object["last"][name] = column.back();
  object["notes"] = result.notes;
  return object;
}

void print(const std::string& output, const sampling::RunResult& result, const sampling::Diagnostics& diagnostics) {
  for (const auto& note : result.notes) std::cout << "note: " << note << "\n";
  std::cout << output << ": " << result.samples.size(0) << " particles by " << result.method << ", "
            << result.iterations << " iterations, " << result.evaluations.score << " score evaluations, "
            << format_duration(result.seconds) << (result.converged ? ", converged" : ", not converged") << "\n";
  for (const auto& [name, value] : diagnostics) std::cout << "  " << name << " " << value << "\n";
}

}  // namespace

Descriptions sample_options() {
  SampleOptions options;
  OptionSet set;
  const auto methods = sampling::make_methods();  // by name: std::bind would take a temporary
  bind(set, options, methods);
  auto all = descriptions(set);
  std::erase_if(all, [](const auto& option) { return option.key.find('.') == std::string::npos; });
  return all;
}

void run_sample(int argc, const char* const* argv) {
  CommandLine line("sample", "moves particles until they represent a target density",
                   "TARGET --output SAMPLES.h5 [FLAGS]");
  declare_sample(line);
  line.parse(argc, argv);

  OptionSet set;
  SampleOptions options;
  const auto methods = sampling::make_methods();
  line.bind(set);
  bind(set, options, methods);
  if (line.help()) {
    std::cout << line.help_text(set)
              << "\nTargets: see 'scorefield list targets'. Methods: see 'scorefield list methods'.\n";
    return;
  }
  const std::string target_name = line.required("target");
  const std::string output = line.required("output"), checkpoint = output + ".checkpoint";
  line.resolve(set);
  for (const char* count : {"particles", "steps"})
    if (const auto text = line.value(count)) static_cast<void>(parse_count(count, *text));
  check_output_differs(output, {target_name, options.initial});
  options.target = target_name;
  const data::Provenance provenance{.seed = line.common().seed, .config = set.to_toml()};
  { const data::AtomicFile writable(output); }  // fail before the work, not after it

  const torch::Device device(line.common().device);
  const auto seed = static_cast<std::uint64_t>(line.common().seed);
  const auto target = open_target(options, device);
  const auto [method, reason] = sampling::choose_method(methods, options.method, *target.counted);
  ProgressPrinter printer(line.common().quiet);
  if (!reason.empty()) printer.message("method " + method.name + ": " + reason);
  auto result = run_with_checkpoints({.options = options.run,
                                      .method = method,
                                      .target = target.counted,
                                      .initial = target.start(options, seed),
                                      .seed = seed,
                                      .device = device,
                                      .observer = printer.observer()},
                                     checkpoint, provenance, line.has("resume"));
  target.wrap(result);
  data::write_samples(output, content(options, provenance, result));
  std::error_code missing;
  std::filesystem::remove(checkpoint, missing);  // now that nothing can be lost any more

  auto object = facts(options, output, reason, result);
  const auto diagnostics = options.diagnose ? sampling::diagnose(*target.counted, result.samples, result.weights, seed)
                                            : sampling::Diagnostics{};
  for (const auto& [name, value] : diagnostics) object["diagnostics"][name] = value;
  if (line.common().json) std::cout << object.dump(2) << "\n";
  else print(output, result, diagnostics);
}

}  // namespace scorefield::apps
