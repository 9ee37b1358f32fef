#include "solvers/sampling/run.hpp"

#include <torch/utils.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"
#include "data/schema.hpp"
#include "solvers/sampling/samples_file.hpp"

namespace scorefield::sampling {
namespace {

using torch::Tensor;

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
  for (const auto& [name, column] : result.trace)
    file.write<double>("/trace/" + name, column, {static_cast<std::int64_t>(column.size())});
  file.close();
  destination.commit();
}

void read_checkpoint(const RunOptions& options, RunResult& result, Sampler& sampler) {
  const auto file = h5::File::open(options.checkpoint);
  const auto provenance = data::read_provenance(file, {data::kCheckpointFormat});
  if (provenance.config != options.config)
    throw FileError(options.checkpoint, "belongs to a run with other options. Repeat the same command with --resume, or "
                                        "remove the file to start again.");
  result.iterations = file.integer_attribute("/", "iterations");
  result.seconds = file.number_attribute("/", "seconds");
  result.evaluations = {file.integer_attribute("/", "score_evaluations"), file.integer_attribute("/", "density_evaluations"),
                        file.integer_attribute("/", "calls")};
  sampler.restore(read_tensor_map(file, "/state"));
  for (const auto& name : file.children("/trace")) result.trace[name] = file.read<double>("/trace/" + name);
}

void append_row(RunResult& result, const Sampler& sampler) {
  for (const auto& [name, value] : sampler.trace()) result.trace[name].push_back(value);
  result.trace["score_evaluations"].push_back(static_cast<double>(result.evaluations.score));
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
  const auto sampler = method.make({target, initial, static_cast<std::uint64_t>(options.seed), steps});
  if (options.resume) {
    read_checkpoint(options, result, *sampler);
    target->set_count(result.evaluations);
  }
  using Clock = std::chrono::steady_clock;
  while (result.iterations < steps && !(options.stop && sampler->converged())) {
    const auto start = Clock::now();
    sampler->step();
    ++result.iterations;
    result.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    result.evaluations = target->count();
    append_row(result, *sampler);
    if (observer) observer({result.method, result.iterations, steps, run_detail(*sampler)});
    if (interrupt_requested() && !options.checkpoint.empty() && result.iterations < steps) {
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
    target->set_count(result.evaluations);  // what the file adds is no cost of the method
  }
  result.extras = sampler->extras();
  result.notes = sampler->notes();
  result.converged = sampler->converged();
  std::error_code missing;
  if (!options.checkpoint.empty()) std::filesystem::remove(options.checkpoint, missing);
  return result;
}

}  // namespace scorefield::sampling
