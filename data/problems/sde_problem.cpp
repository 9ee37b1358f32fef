#include "data/problems/sde_problem.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "core/text.hpp"
#include "data/problems/stepwise.hpp"
#include "solvers/sde/ensemble.hpp"

namespace scorefield::problems {
namespace {

std::vector<std::int64_t> indices(const std::vector<Coordinate>& coordinates) {
  std::vector<std::int64_t> result;
  for (const auto& coordinate : coordinates) result.push_back(coordinate.index);
  return result;
}

bool differentiable(const std::vector<Coordinate>& coordinates, const sde::System& system) {
  return std::all_of(coordinates.begin(), coordinates.end(), [&](const Coordinate& coordinate) {
    return system.sigma[static_cast<std::size_t>(coordinate.index)] == 0;
  });
}

/// Into [0, period): the rounding of a small negative number would give the period itself.
void wrap(const std::vector<double>& periods, std::span<float> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto period = static_cast<float>(periods[i % periods.size()]);
    if (period == 0) continue;
    samples[i] -= period * std::floor(samples[i] / period);
    if (samples[i] >= period || samples[i] < 0) samples[i] = 0;
  }
}

}  // namespace

void SdeProblem::bind(OptionSet& set) { sde::bind(set, sde_); }

void SdeProblem::validate(const GenerateOptions& requested) const {
  const GenerateOptions options = with_defaults(requested, *this);
  require("option 'generate.particles'", options.particles, in(1, sde::kMaxParticles));
  validate_request(options);
  sde::validate(sde_);
  for (const auto& mu : options.mu) {
    const auto here = problem_at(*this, mu);
    sde::validate(here->sde_);
    const SdeModel model = here->model(mu.front());
    sde::validate(model.system, here->sde_.scheme);
    sde::validate(model.initial, model.system.dimension);
  }
  (void)header(options);
}

data::DatasetHeader SdeProblem::header(const GenerateOptions& options) const {
  bool all_differentiable = true;
  auto header = common_frame_plan(*this, options, [&](const SdeProblem& here, double mu) {
                  FramePlan plan{make_header(options, here.sde_.duration)};
                  plan.header.time_units = here.time_units();
                  for (const auto& coordinate : here.coordinates()) {
                    plan.header.coordinates.push_back(coordinate.name);
                    plan.header.units.push_back(coordinate.unit);
                    plan.header.periods.push_back(coordinate.period);
                  }
                  all_differentiable = all_differentiable && differentiable(here.coordinates(), here.model(mu).system);
                  return plan;
                }).header;
  header.has_velocities = options.velocities && all_differentiable;
  return header;
}

void SdeProblem::generate(const GenerateOptions& requested, FrameSink& sink, const ProgressObserver& observer) const {
  const GenerateOptions options = with_defaults(requested, *this);
  validate(options);
  const data::DatasetHeader header = this->header(options);
  sink.begin(header);
  for (std::int64_t m = 0; m < header.mu_count(); ++m) generate_one(options, header, m, sink, observer);
  sink.finish();
}

namespace {

/// From frame to frame in parts of a fraction of a second, so that whoever stops the run does not wait.
/// @throws Interrupted naming the stage
void advance(sde::Ensemble& ensemble, std::int64_t steps, std::int64_t numbers, const std::string& stage) {
  constexpr std::int64_t kNumbersAtOnce = 10'000'000;  // coordinates times steps
  const std::int64_t part = std::max<std::int64_t>(1, kNumbersAtOnce / std::max<std::int64_t>(1, numbers));
  while (true) {
    if (interrupt_requested())
      throw Interrupted("interrupted at " + stage + ", t = " + comma_joined<double>({ensemble.time()}) +
                        "; no file was written.");
    if (steps <= 0) return;
    const std::int64_t now = std::min(part, steps);
    ensemble.advance(now);
    steps -= now;
  }
}

}  // namespace

void SdeProblem::generate_one(const GenerateOptions& options, const data::DatasetHeader& header, std::int64_t mu_index,
                              FrameSink& sink, const ProgressObserver& observer) const {
  const auto& mu = options.mu[static_cast<std::size_t>(mu_index)];
  const std::string stage = name() + " mu = " + tuple_text(mu);
  const auto stored = indices(coordinates());
  const auto here = problem_at(*this, mu);
  const sde::TimeGrid grid = sde::time_grid(here->sde_, options.frames);
  const SdeModel model = here->model(mu.front());
  // The bits of mu name the stream: runs of two mu, and of two seeds, draw independent numbers.
  sde::Ensemble ensemble(model.system, model.initial, options.particles,
                         {grid.dt, here->sde_.scheme, here->sde_.path_refinement,
                          static_cast<std::uint64_t>(options.seed), random_stream(options, mu)});
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  std::vector<float> rates(header.has_velocities ? samples.size() : 0);
  for (std::int64_t frame = 0; frame < options.frames; ++frame) {
    advance(ensemble, frame > 0 ? grid.steps_per_frame : 0, options.particles * model.system.dimension, stage);
    ensemble.read(stored, samples);
    wrap(header.periods, samples);
    if (!rates.empty()) ensemble.read_drift(stored, rates);
    sink.write_frame(mu_index, frame, samples, rates);
    if (observer) observer({stage, frame + 1, options.frames, ""});
  }
}

}  // namespace scorefield::problems
