#include "training/metrics/floor_run.hpp"

#include "core/error.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::uint64_t kFloorStream = 0x666c6f6f72;

std::vector<double> flat(const std::vector<std::vector<double>>& mu) {
  std::vector<double> values;
  for (const auto& one : mu) values.insert(values.end(), one.begin(), one.end());
  return values;
}

}  // namespace

FloorRun FloorRun::open(const std::string& path) { return {std::nullopt, path, path}; }

FloorRun FloorRun::generate(const problems::Problem& problem, const Run& reference, const FloorPlan& plan,
                            const ProgressObserver& observer) {
  problems::GenerateOptions options;
  options.mu = flat(plan.mu);
  options.particles = plan.particles;
  options.frames = reference.header().frames();
  options.seed = problems::independent_seed(reference.header().provenance.seed, kFloorStream,
                                            static_cast<std::uint64_t>(plan.seed));
  options.velocities = false;
  options.config = reference.header().provenance.config;
  problem.validate(options);

  data::TemporaryFile temporary(data::temporary_path(plan.beside, "floor"));
  const auto report = [&observer](Progress progress) {
    progress.stage = "floor: " + progress.stage;
    if (observer) observer(progress);
  };
  problems::generate_dataset(problem, options, temporary.path(), report);
  const std::string path = temporary.path();
  return {std::move(temporary), path, "generated, seed " + std::to_string(options.seed)};
}

}  // namespace scorefield::metrics
