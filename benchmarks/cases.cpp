#include "benchmarks/benchmark.hpp"
#include "benchmarks/device_cases.hpp"
#include "benchmarks/kinetic_cases.hpp"
#include "benchmarks/mpm_cases.hpp"
#include "benchmarks/network_cases.hpp"
#include "benchmarks/sampler_cases.hpp"
#include "benchmarks/sde_cases.hpp"
#include "benchmarks/training_cases.hpp"
#include "core/parallel.hpp"

namespace scorefield::benchmarks {

void bind(OptionSet& set, BenchmarkOptions& options) {
  set.add("benchmark.seconds", options.seconds, at_least(0), "least time spent on each timed piece of work");
}

namespace {

/// Three stochastic systems; the times are those of the first.
BenchmarkResult run_sde(const BenchmarkOptions&) {
  const auto speeds = measure_sde({.threads = {thread_count()}});
  const auto& first = speeds.front();
  BenchmarkResult result{.name = "sde",
                         .threads = first.threads,
                         .dtype = "float64",
                         .milliseconds = first.milliseconds,
                         .reference = first.reference,
                         .reference_milliseconds = first.reference_milliseconds};
  for (const auto& speed : speeds) {
    const auto problem = speed.name.substr(speed.name.find(' ') + 1);
    result.numbers.emplace_back(
        problem == "bistable" ? "particle_steps_per_second" : problem + "_particle_steps_per_second",
        speed.particle_steps_per_second);
    result.numbers.emplace_back(problem + "_speedup", speed.reference_milliseconds / speed.milliseconds);
  }
  return result;
}

}  // namespace

const std::vector<BenchmarkCase>& benchmark_cases() {
  static const std::vector<BenchmarkCase> cases = [] {
    std::vector<BenchmarkCase> all;
    for (const auto& part :
         {network_cases(), training_cases(), kinetic_cases(), mpm_cases(), sampler_cases(), device_cases()})
      all.insert(all.end(), part.begin(), part.end());
    all.push_back({"sde", "Heun steps of stochastic systems: bistable, trap (100-D), chaos-9d", run_sde});
    return all;
  }();
  return cases;
}

}  // namespace scorefield::benchmarks
