#pragma once

#include <functional>
#include <string>

#include "data/problems/problem.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::problems {

/// What a 1D1V particle-in-cell problem adds to the solver.
struct PicProblem {
  std::string name;
  pic::PicOptions pic;
  std::function<pic::Population(double mu)> population;
};

/// Checks the requested mu, particles and frames together with the solver's options. `options.mu` and `.frames` are
/// resolved (not empty, not 0). @throws UsageError
void validate_pic(const PicProblem& problem, const GenerateOptions& options);

/// Runs the solver at every mu and streams frames and diagnostics to `path`. The runs of two mu, and of two seeds,
/// draw independent particles.
void generate_pic(const PicProblem& problem, const GenerateOptions& options, const std::string& config,
                  const std::string& path, const ProgressObserver& observer);

}  // namespace scorefield::problems
