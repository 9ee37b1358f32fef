#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/progress.hpp"
#include "solvers/integrate_options.hpp"
#include "training/conditional_options.hpp"
#include "training/distributed/process_group.hpp"

namespace scorefield::training {

/// Where the log-density of a rollout starts.
enum class LogDensityKind {
  none,      ///< no log-density
  gaussian,  ///< a Gaussian fitted to the initial population, uniform on periodic coordinates
  change     ///< zero: what is written is log rho(X_t, t) - log rho(X_0, 0), to be added to a density that is known
};

/// Where rollouts start that are given no population.
enum class StartKind {
  automatic,  ///< at a training mu what the model keeps, else what the problem of the training data starts from at that
              ///< mu
  nearest     ///< what the model keeps of the nearest training mu
};

struct InferOptions {
  std::vector<double> mu;      ///< values to predict (one physics parameter)
  std::int64_t particles = 0;  ///< 0: all of the initial population
  std::int64_t frames =
      0;  ///< output times, equally spaced as far as the training times, of which they are, allow; 0: all of those
  std::string initial_path;  ///< dataset whose first frame is the initial population; empty: `start` decides
  StartKind start = StartKind::automatic;
  LogDensityKind log_density = LogDensityKind::none;
  integrators::IntegrateOptions integration;
  ConditionalOptions conditional;  ///< ncsm and cfm models
};

/// Adds the keys infer.*.
void bind(OptionSet& set, InferOptions& options);

struct InferResult {
  std::vector<std::string> warnings;  ///< e.g. mu outside the training range
};

/// One rollout per mu, all frames of it streamed to `output_path`. Without --initial a rollout starts from what
/// StartKind says (rollout_start.hpp). sigma > 0 (euler-maruyama) is the diffusion that the model was trained with.
/// Conditional models (ncsm, cfm) are sampled afresh at every (mu, time): the frames are marginals.
/// Several processes take one mu each in turn, and rank 0 writes what they gather.
/// @throws UsageError, FileError, DivergenceError, Interrupted; no file is left then.
InferResult infer(const std::string& model_path, const std::string& output_path, const InferOptions& options,
                  const std::string& config_toml, std::int64_t seed, const std::string& device,
                  const ProgressObserver& observer = {}, distributed::ProcessGroup* processes = nullptr);

}  // namespace scorefield::training
