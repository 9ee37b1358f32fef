#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/density_grid.hpp"
#include "solvers/integrate_options.hpp"
#include "training/losses/conditional_options.hpp"
#include "training/rollout/guide_kind.hpp"
#include "training/rollout/start_options.hpp"

namespace scorefield::training {

/// Where the log-density of a rollout starts.
enum class LogDensityKind {
  none,      ///< no log-density
  gaussian,  ///< a Gaussian fitted to the initial population, uniform on periodic coordinates
  change     ///< zero: what is written is log rho(X_t, t) - log rho(X_0, 0), to be added to a density that is known
};

/// How predictions are made.
struct InferOptions {
  std::vector<std::vector<double>> mu;  ///< values to predict, [M][p]
  std::string parameters{};  ///< the parameters in the order of mu, comma-separated; empty: the model's order
  StartOptions start{};      ///< populations and how many particles of them
  std::int64_t frames = 0;  ///< output times, equally spaced as far as the training times, of which they are, allow; 0:
                            ///< all of those
  LogDensityKind log_density = LogDensityKind::none;
  data::GridOptions density{};        ///< where the density is written as a function
  GuideKind guide = GuideKind::none;  ///< what holds the population to the training runs' observables
  integrators::IntegrateOptions integration{};
  ConditionalOptions conditional{};  ///< ncsm and cfm models
};

/// Adds the keys infer.*.
void bind(OptionSet& set, InferOptions& options);

}  // namespace scorefield::training
