#include "training/metrics/floor_run.hpp"

#include <memory>

#include "training/metrics/kept_run.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::uint64_t kFloorStream = 0x666c6f6f72;

}  // namespace

Run generate_floor(const problems::Problem& problem, const Run& reference, const FloorPlan& plan,
                   const ProgressObserver& observer) {
  problems::GenerateOptions options;
  options.mu = plan.mu;
  options.particles = plan.particles;
  options.frames = reference.header().frames();
  options.seed = problems::independent_seed(reference.header().provenance.seed, kFloorStream,
                                            static_cast<std::uint64_t>(plan.seed));
  options.velocities = false;
  options.config = reference.header().provenance.config;
  problem.validate(options);

  const auto report = [&observer](Progress progress) {
    progress.stage = "floor: " + progress.stage;
    if (observer) observer(progress);
  };
  auto kept = std::make_shared<KeptRun>(plan.energy, plan.cloud_times);
  problem.generate(options, *kept, report);
  return Run(std::move(kept), "generated, seed " + std::to_string(options.seed));
}

}  // namespace scorefield::metrics
