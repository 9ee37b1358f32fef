#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::problems {

/// A simulation at one mu, as the driver sees it: it steps, tells what it measures, and can be put down and taken up.
class StepwiseRun {
 public:
  virtual ~StepwiseRun() = default;

  [[nodiscard]] virtual std::int64_t step() const = 0;
  /// One step; `row` receives the diagnostics of the step that is left (solvers see them on their way).
  virtual void advance(std::span<double> row) = 0;
  /// The diagnostics of the present step.
  virtual void measure(std::span<double> row) const = 0;
  /// Samples and their time derivatives at the present step, [N, d] row-major; rates may be empty.
  virtual void read(std::span<float> samples, std::span<float> rates) const = 0;
  /// The density at the nodes of the header's grid, [G], of solvers that know it.
  virtual void read_density(std::span<float> /*values*/) const {}
  /// Everything that `StepwiseProblem::restore` needs to continue bit for bit.
  virtual void save(h5::File& file, const std::string& group) const = 0;
};

/// One diagnostic: /diagnostics/NAME, [M, D] or [M, D, width].
struct DiagnosticColumn {
  std::string name;
  std::string description;  ///< stored with it
  std::int64_t width = 1;
};

/// Equal steps of which every `steps_per_frame`-th is stored, both ends of [0, duration] included.
struct TimeGrid {
  std::int64_t steps_per_frame = 0;
  std::int64_t steps = 0;  ///< in all
  double dt = 0;
};
/// The longest step, not above `dt`, that makes `frames` equally spaced times fall on steps; no steps for one frame.
[[nodiscard]] TimeGrid time_grid(double duration, double dt, std::int64_t frames);

/// What the driver needs to know of a problem.
struct StepwiseProblem {
  std::string name;
  data::DatasetHeader header;  ///< complete; mu, times, particles as requested
  std::vector<DiagnosticColumn> columns;
  TimeGrid grid;
  /// Runs at several mu may go side by side, a thread each: threads then meet once a frame instead of several times a
  /// step. For runs that are small beside the machine's memory.
  bool side_by_side = true;
  using Mu = std::vector<double>;  ///< [p]
  std::function<std::unique_ptr<StepwiseRun>(const Mu& mu)> start;
  std::function<std::unique_ptr<StepwiseRun>(const Mu& mu, const h5::File& file, const std::string& group)> restore;
};

/// Checks what every generator is asked for: particles, frames, mu given once. `options.mu`, `.frames` are resolved.
/// @throws UsageError
void validate_request(const GenerateOptions& options);

/// The header of a dataset with this request's mu, particles, seed, and equally spaced times in [0, duration]; the
/// coordinates remain to be filled in.
[[nodiscard]] data::DatasetHeader make_header(const GenerateOptions& options, double duration);

/// What all runs of a file have in common.
struct FramePlan {
  data::DatasetHeader header;
  TimeGrid grid{};               ///< of solvers whose steps are on file
  std::int64_t field_modes = 0;  ///< on file
};
/// Whether the run at mu, whose own plan is `here`, goes into the file of `all`: the same times, steps, coordinates,
/// units and periods, and as much that stored velocities leave out. @throws UsageError that says what the parameters
/// change
void require_common_frames(const FramePlan& all, const FramePlan& here, const std::vector<double>& mu);

/// The plan of the file with all runs of a request. plan_at(problem at mu, mu[0]): that of one run, after whatever
/// checks it makes. @throws UsageError where the runs do not go into one file
template <class Concrete, class PlanAt>
[[nodiscard]] FramePlan common_frame_plan(const Concrete& problem, const GenerateOptions& request, PlanAt&& plan_at) {
  std::optional<FramePlan> all;
  for (const auto& mu : request.mu) {
    const FramePlan here = plan_at(*problem_at(problem, mu), mu.front());
    if (all) {
      require_common_frames(*all, here, mu);
      continue;
    }
    all = here;
    all->header.mu_names = problem.parameters();
  }
  return all.value();
}

/// Runs the problem at every mu and streams frames to `sink`. At intervals, and when an interrupt
/// is requested, writes `options.checkpoint`: the frames so far, the diagnostics so far and the state of the run. With
/// `options.resume` it starts from there, and the frames are those that an undisturbed run would have made.
/// @throws Interrupted, FileError, UsageError if the checkpoint was made with another configuration
void generate_stepwise(const StepwiseProblem& problem, const GenerateOptions& options, FrameSink& sink,
                       const ProgressObserver& observer);

}  // namespace scorefield::problems
