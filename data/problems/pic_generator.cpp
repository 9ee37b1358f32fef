#include "data/problems/pic_generator.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "solvers/pic/diagnostics.hpp"

namespace scorefield::problems {
namespace {

std::string text(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

data::DatasetHeader make_header(const PicProblem& problem, const GenerateOptions& options, const std::string& config) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.provenance.seed = options.seed;
  header.provenance.config = config;
  for (const double mu : options.mu) header.mu.push_back({mu});
  header.mu_names = {"mu"};
  for (std::int64_t k = 0; k < options.frames; ++k)
    header.time.push_back(problem.pic.duration * static_cast<double>(k) / static_cast<double>(options.frames - 1));
  header.time_units = "inverse plasma frequency at mu = 1";
  header.particles = options.particles;
  header.coordinates = {"x", "v"};
  header.units = {"Debye length at mu = 1", "thermal speed"};
  header.periods = {problem.pic.box_length, 0};
  header.identity = data::Identity::trajectories;
  header.has_velocities = options.velocities;
  return header;
}

/// Per-step histories of all runs, in the layout of the file.
class DiagnosticsCollector {
 public:
  void add(const pic::History& history) {
    if (diagnostics_.time.empty()) diagnostics_.time = history.time;
    ++runs_;
    append("electric_energy", history.electric_energy);
    append("kinetic_energy", history.kinetic_energy);
    append("momentum", history.momentum);
    modes_ = history.mode_count;
    auto& magnitudes = diagnostics_.series["field_modes"].values;
    for (const auto& amplitude : history.field_modes) magnitudes.push_back(std::abs(amplitude));
  }

  [[nodiscard]] data::Diagnostics finish() && {
    const auto steps = static_cast<std::int64_t>(diagnostics_.time.size());
    for (auto& [name, series] : diagnostics_.series) {
      series.shape = {runs_, steps};
      if (name == "field_modes") series.shape.push_back(modes_);
    }
    return std::move(diagnostics_);
  }

 private:
  void append(const std::string& name, const std::vector<double>& history) {
    auto& values = diagnostics_.series[name].values;
    values.insert(values.end(), history.begin(), history.end());
  }

  data::Diagnostics diagnostics_;
  std::int64_t runs_ = 0;
  std::int64_t modes_ = 0;
};

/// One mu: loads, runs, and hands frames to the writer as the run passes them.
template <class Real>
pic::History run_one(const PicProblem& problem, const GenerateOptions& options, std::int64_t mu_index,
                     data::DatasetWriter& writer, const ProgressObserver& observer) {
  const double mu = options.mu[static_cast<std::size_t>(mu_index)];
  const pic::TimeGrid grid = pic::time_grid(problem.pic, options.frames);
  const Philox random(static_cast<std::uint64_t>(options.seed), std::bit_cast<std::uint64_t>(mu));
  pic::Simulation<Real> simulation(problem.pic, grid.dt, mu,
                                   pic::load(problem.population(mu), problem.pic.box_length,
                                             problem.pic.simulated_particles, problem.pic.start, random));

  std::vector<float> samples(static_cast<std::size_t>(2 * options.particles));
  std::vector<float> rates(options.velocities ? samples.size() : 0);
  const std::string stage = problem.name + " mu = " + text(mu);
  return pic::run<Real>(simulation, grid.steps, [&](const pic::Simulation<Real>& now) {
    if (interrupt_requested())
      throw Interrupted("interrupted at " + stage + ", t = " + text(now.time()) + "; no file was written.");
    if (now.step() % grid.steps_per_frame != 0) return;
    now.read(samples, rates);
    const std::int64_t frame = now.step() / grid.steps_per_frame;
    writer.write_frame(mu_index, frame, samples, rates);
    if (observer) observer({stage, frame + 1, options.frames, ""});
  });
}

}  // namespace

void validate_pic(const PicProblem& problem, const GenerateOptions& options) {
  if (options.particles < 1)
    throw UsageError("generate.particles is " + std::to_string(options.particles) + ", expected at least 1.");
  if (options.frames < 2)
    throw UsageError("generate.frames is " + std::to_string(options.frames) +
                     ", expected at least 2: both ends of the time interval are stored.");
  std::vector<double> sorted = options.mu;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw UsageError("mu = " + text(*twice) + " is asked for twice; every mu is one run.");
  for (const double mu : options.mu) pic::validate(problem.pic, mu);
  if (options.particles > problem.pic.simulated_particles)
    throw UsageError("generate.particles = " + std::to_string(options.particles) +
                     " stored particles exceed pic.simulated_particles = " +
                     std::to_string(problem.pic.simulated_particles) + "; raise the latter or store fewer.");
}

void generate_pic(const PicProblem& problem, const GenerateOptions& options, const std::string& config,
                  const std::string& path, const ProgressObserver& observer) {
  validate_pic(problem, options);
  data::DatasetWriter writer(path, make_header(problem, options, config));
  DiagnosticsCollector diagnostics;
  for (std::size_t i = 0; i < options.mu.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    diagnostics.add(problem.pic.precision == pic::Precision::single
                        ? run_one<float>(problem, options, index, writer, observer)
                        : run_one<double>(problem, options, index, writer, observer));
  }
  writer.write_diagnostics(std::move(diagnostics).finish());
  writer.commit();
}

}  // namespace scorefield::problems
