#include "benchmarks/kinetic_cases.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "benchmarks/plain_kinetic.hpp"
#include "core/parallel.hpp"
#include "solvers/pic/simulation.hpp"
#include "solvers/pic3d/simulation.hpp"
#include "solvers/vlasov/simulation.hpp"

namespace scorefield::benchmarks {
namespace {

/// Reads and writes every byte of some arrays once, on all threads.
template <class Value>
void touch(std::vector<Value>& values) {
  constexpr std::size_t kBlock = 65536;
  parallel_for(static_cast<std::int64_t>((values.size() + kBlock - 1) / kBlock), [&](std::int64_t block) {
    const std::size_t begin = static_cast<std::size_t>(block) * kBlock;
    const std::size_t end = std::min(values.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) values[i] += 1;
  });
}

/// ours, plain, bound; `units` particles or cells are advanced by each call of the first two.
BenchmarkResult compare(const BenchmarkOptions& options, BenchmarkResult result, double units, const std::string& rate,
                        const std::vector<std::function<void()>>& works) {
  const auto times = median_milliseconds(works, options.seconds);
  result.threads = thread_count();
  result.milliseconds = times[0];
  result.reference_milliseconds = times[1];
  result.bound_milliseconds = times[2];
  result.numbers = {{rate, units / times[0] * 1e3}, {"reference_" + rate, units / times[1] * 1e3}};
  return result;
}

/// A run's steps follow each other; alternating single ones with those of the reference would time reloading the
/// caches.
constexpr int kStepsTogether = 4;

std::function<void()> steps_together(std::function<void()> step) {
  return [step = std::move(step)] {
    for (int k = 0; k < kStepsTogether; ++k) step();
  };
}

pic::Population two_beams() { return {{{0.5, -3, 1}, {0.5, 3, 1}}, {0.05, 1}, {}}; }

BenchmarkResult run_pic(const BenchmarkOptions& options, pic::Shape shape) {
  pic::PicOptions pic;
  pic.simulated_particles = 1'000'000;
  pic.shape = shape;
  const auto particles = pic::load(two_beams(), pic.box_length, pic.simulated_particles, pic.start, Philox(1, 0));
  pic::Simulation<float> ours(pic, pic.dt, 1.3, particles);
  PlainPic plain(particles, pic.cells, pic.box_length, pic.dt, 1.3);
  std::vector<float> state(2 * particles.position.size());
  auto result = compare(options,
                        {.name = shape == pic::Shape::cic ? "pic" : "pic-tsc",
                         .reference = "plain CIC loop, float positions, one thread"},
                        1e6 * kStepsTogether, "pushes_per_second",
                        {steps_together([&] { (void)ours.advance(); }), steps_together([&] { plain.advance(); }),
                         steps_together([&] { touch(state); })});
  result.milliseconds /= kStepsTogether;
  result.reference_milliseconds /= kStepsTogether;
  result.bound_milliseconds = *result.bound_milliseconds / kStepsTogether;
  return result;
}

BenchmarkResult run_pic3d(const BenchmarkOptions& options) {
  pic3d::Pic3dOptions pic;
  pic.simulated_particles = 1 << 20;
  const auto particles = pic3d::load({0.5, 1}, pic, Philox(1, 0));
  pic3d::Simulation ours(pic, pic.dt, particles);
  PlainPic3d plain(particles, pic.cells, pic.box_length, pic.dt);
  std::vector<float> state(6 * particles.id.size());
  return compare(options,
                 {.name = "pic-3d", .reference = "plain loop, unsorted float positions, no field solve, one thread"},
                 static_cast<double>(pic.simulated_particles), "pushes_per_second",
                 {[&] { (void)ours.advance(); }, [&] { plain.advance(); }, [&] { touch(state); }});
}

BenchmarkResult run_vlasov(const BenchmarkOptions& options) {
  vlasov::VlasovOptions grid;
  grid.cells = 512;
  grid.velocity_cells = 1024;
  const pic::PhaseSpaceDensity initial(two_beams(), 50);
  vlasov::Simulation ours(grid, grid.dt, {.box_length = 50, .mu = 1.3}, initial);
  PlainVlasov plain(grid, ours.values(), ours.velocity(), 50, 1.3);
  auto state = ours.values();
  return compare(options,
                 {.name = "vlasov", .dtype = "float64", .reference = "plain loops, the same stencils, one thread"},
                 static_cast<double>(grid.cells * grid.velocity_cells), "cells_per_second",
                 {[&] { ours.advance(); }, [&] { plain.advance(); },
                  [&] {
                    touch(state);
                    touch(state);
                  }});
}

}  // namespace

std::vector<BenchmarkCase> kinetic_cases() {
  return {{"pic", "one step of 1e6 particles, 1D1V, CIC, 256 cells",
           [](const BenchmarkOptions& options) { return run_pic(options, pic::Shape::cic); }},
          {"pic-tsc", "the same with quadratic shapes",
           [](const BenchmarkOptions& options) { return run_pic(options, pic::Shape::tsc); }},
          {"pic-3d", "one step of 1,048,576 particles, 3D3V, 32 x 32 x 32 cells; sorting included", run_pic3d},
          {"vlasov", "one Strang step of 512 x 1024 cells, interpolation of degree 7", run_vlasov}};
}

}  // namespace scorefield::benchmarks
