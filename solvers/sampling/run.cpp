#include "solvers/sampling/run.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "data/atomic_file.hpp"
#include "data/schema.hpp"
#include "solvers/sampling/samples_file.hpp"

namespace scorefield::sampling {
namespace {

using torch::Tensor;

/// The run's clouds without knowing how long it will be: every stride-th one, and every second of them is left out when
/// there are more than twice as many as wanted.
void keep_frame(Frames& frames, std::int64_t wanted, std::int64_t iteration, const Sampler& sampler) {
  if (wanted == 0) return;
  auto& kept = frames.iterations;
  const std::int64_t stride = kept.size() > 1 ? kept[1] - kept[0] : 1;
  if (!kept.empty() && iteration < kept.back() + stride) return;
  kept.push_back(iteration);
  frames.clouds.push_back(sampler.particles().detach().to(torch::kCPU, torch::kFloat64).clone());
  if (static_cast<std::int64_t>(kept.size()) <= 2 * wanted) return;
  Frames thinned;
  for (std::size_t k = 0; k < kept.size(); k += 2) {
    thinned.iterations.push_back(kept[k]);
    thinned.clouds.push_back(frames.clouds[k]);
  }
  frames = std::move(thinned);
}

/// `wanted` of them, the last cloud included.
Frames choose_frames(Frames frames, std::int64_t wanted, std::int64_t iteration, const Tensor& last) {
  if (frames.iterations.empty()) return {};
  if (frames.iterations.back() != iteration) {
    frames.iterations.push_back(iteration);
    frames.clouds.push_back(last);
  }
  const auto have = static_cast<std::int64_t>(frames.iterations.size());
  if (have <= wanted) return frames;
  Frames chosen;
  for (std::int64_t k = 0; k < wanted; ++k) {
    const auto at = static_cast<std::size_t>(wanted > 1 ? k * (have - 1) / (wanted - 1) : have - 1);
    chosen.iterations.push_back(frames.iterations[at]);
    chosen.clouds.push_back(frames.clouds[at]);
  }
  return chosen;
}

DensityGrid density_grid(const targets::Target& target, const Tensor& samples) {
  constexpr std::int64_t kPoints = 101;
  if (samples.size(1) != 2 || !target.has_log_density()) return {};
  DensityGrid grid;
  for (std::int64_t a = 0; a < 2; ++a) {
    const auto x = samples.select(1, a);
    const double low = x.min().item<double>(), high = x.max().item<double>(), margin = 0.15 * (high - low) + 1e-9;
    grid.axis[a] = torch::linspace(low - margin, high + margin, kPoints, torch::kFloat64);
  }
  const auto points = torch::stack({grid.axis[0].unsqueeze(1).expand({kPoints, kPoints}).reshape(-1),
                                    grid.axis[1].unsqueeze(0).expand({kPoints, kPoints}).reshape(-1)},
                                   1);
  grid.log_prob = target.log_density(points).detach().to(torch::kCPU, torch::kFloat64).view({kPoints, kPoints});
  return grid;
}

void write_checkpoint(const RunOptions& options, const RunResult& result, const Sampler& sampler) {
  data::AtomicFile destination(options.checkpoint);
  auto file = h5::File::create(destination.temporary_path(), options.checkpoint);
  data::write_provenance(file, {.format = data::kCheckpointFormat, .seed = options.seed, .config = options.config});
  file.set_attribute("/", "method", result.method);
  file.set_attribute("/", "iterations", result.iterations);
  file.set_attribute("/", "seconds", result.seconds);
  file.set_attribute("/", "score_evaluations", result.evaluations.score);
  file.set_attribute("/", "density_evaluations", result.evaluations.density);
  file.set_attribute("/", "calls", result.evaluations.calls);
  write_tensor_map(file, "/state", sampler.state());
  if (!result.notes.empty()) file.set_attribute("/", "notes", result.notes);
  write_frames(file, result.frames);
  for (const auto& [name, column] : result.trace)
    file.write<double>("/trace/" + name, column, {static_cast<std::int64_t>(column.size())});
  file.close();
  destination.commit();
}

void read_checkpoint(const RunOptions& options, RunResult& result, Sampler& sampler) {
  const auto file = h5::File::open(options.checkpoint);
  const auto provenance = data::read_provenance(file, {data::kCheckpointFormat});
  if (provenance.config != options.config)
    throw FileError(options.checkpoint,
                    "belongs to a run with other options. Repeat the same command with --resume, or "
                    "remove the file to start again.");
  result.iterations = file.integer_attribute("/", "iterations");
  result.seconds = file.number_attribute("/", "seconds");
  result.evaluations = {file.integer_attribute("/", "score_evaluations"),
                        file.integer_attribute("/", "density_evaluations"), file.integer_attribute("/", "calls")};
  sampler.restore(read_tensor_map(file, "/state"));
  if (file.has_attribute("/", "notes")) result.notes = file.strings_attribute("/", "notes");
  result.frames = read_frames(file);
  for (const auto& name : file.children("/trace")) result.trace[name] = file.read<double>("/trace/" + name);
}

void append_row(RunResult& result, const Sampler& sampler) {
  for (const auto& [name, value] : sampler.trace()) result.trace[name].push_back(value);
  result.trace["score_evaluations"].push_back(static_cast<double>(result.evaluations.score));
}

/// What the method has to say, after what it said before an interruption.
void collect_notes(std::vector<std::string>& notes, const Sampler& sampler) {
  for (auto& note : sampler.notes())
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

std::string run_detail(const Sampler& sampler) {
  const auto trace = sampler.trace();
  if (trace.empty()) return {};
  char text[64];
  std::snprintf(text, sizeof text, "%s %.4g", trace.front().first.c_str(), trace.front().second);
  return text;
}

}  // namespace

RunResult run(const RunOptions& options, const Method& method, const std::shared_ptr<targets::CountedTarget>& target,
              const Tensor& initial, const ProgressObserver& observer) {
  RunResult result;
  result.method = method.name;
  const std::int64_t steps = options.steps > 0 ? options.steps : method.default_steps;
  const auto sampler = method.make({target, initial, static_cast<std::uint64_t>(options.seed), steps, options.device});
  if (options.resume) {
    read_checkpoint(options, result, *sampler);
    target->set_count(result.evaluations);
  }
  require(options.frames >= 0 && options.frames <= 1000, "option 'sample.frames'", options.frames, "0 to 1000");
  using Clock = std::chrono::steady_clock;
  if (result.iterations == 0) keep_frame(result.frames, options.frames, 0, *sampler);
  while (result.iterations < steps && !(options.stop && sampler->converged())) {
    const auto start = Clock::now();
    sampler->step();
    ++result.iterations;
    result.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    result.evaluations = target->count();
    append_row(result, *sampler);
    keep_frame(result.frames, options.frames, result.iterations, *sampler);
    if (observer) observer({result.method, result.iterations, steps, run_detail(*sampler)});
    if (interrupt_requested() && !options.checkpoint.empty() && result.iterations < steps) {
      collect_notes(result.notes, *sampler);
      write_checkpoint(options, result, *sampler);
      throw Interrupted("interrupted after iteration " + std::to_string(result.iterations) + "; go on with --resume (" +
                        options.checkpoint + ").");
    }
  }
  result.samples = sampler->particles().detach().to(torch::kCPU, torch::kFloat64).contiguous();
  if (!torch::isfinite(result.samples).all().item<bool>())
    throw DivergenceError(result.iterations, "a particle's position", "Use a smaller step.");
  result.weights = sampler->weights();
  if (target->has_log_density()) {
    result.log_prob = target->log_density(result.samples);
    if (options.frames > 0) result.density = density_grid(*target, result.samples);
    target->set_count(result.evaluations);  // what the file adds is no cost of the method
  }
  result.extras = sampler->extras();
  result.frames = choose_frames(std::move(result.frames), options.frames, result.iterations, result.samples);
  collect_notes(result.notes, *sampler);
  result.converged = sampler->converged();
  std::error_code missing;
  if (!options.checkpoint.empty()) std::filesystem::remove(options.checkpoint, missing);
  return result;
}

}  // namespace scorefield::sampling
