#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/problems/problem.hpp"

namespace scorefield::compare {

/// A model beside the potential of its problem where that is known (problems::ExactPotential), at the frames of a
/// dataset of it.
struct ClosedFormComparison {
  double drift_error = 0;      ///< sqrt( sum_t mean |grad s - grad s*|^2 / sum_t mean |grad s*|^2 )
  double integrand_error = 0;  ///< the same of q(t)
  std::vector<double> time;    ///< [K]
  /// [K] q(t) = E[|grad s|^2 / 2 + d_t s], what a rule in time sees of the action-matching loss, in physical units, at
  /// the first mu. The learned potential is known up to c(t); its gauge is the exact one's, s(zero(t), t) = 0.
  std::vector<double> exact, learned;
};

/// Whether a problem's potential is known, of mu [p].
[[nodiscard]] bool has_closed_form(const problems::Problem& problem, const std::vector<double>& mu);

/// Kinetic energy only (loss.sigma = 0). At every frame, over `particles` of its samples. @throws FileError when the
/// potential of the data is not known; UsageError for models of another kind or with sigma > 0
[[nodiscard]] ClosedFormComparison compare_with_closed_form(const std::string& model_path, const std::string& data_path,
                                                            std::int64_t particles = 2000);

}  // namespace scorefield::compare
