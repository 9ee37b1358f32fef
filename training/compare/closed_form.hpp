#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scorefield::compare {

/// A model of the oscillator beside the exact potential (data/problems/oscillator_potential.hpp), at the frames of a
/// dataset of it.
struct OscillatorComparison {
  double drift_error = 0;      ///< sqrt( sum_t mean |grad s - grad s*|^2 / sum_t mean |grad s*|^2 )
  double integrand_error = 0;  ///< the same of q(t)
  std::vector<double> time;    ///< [K]
  /// [K] q(t) = E[|grad s|^2 / 2 + d_t s], what a rule in time sees of the action-matching loss, in physical units. The
  /// learned potential is known up to c(t); its gauge is the exact one's, s(mean of the population, t) = 0.
  std::vector<double> exact, learned;
};

/// Kinetic energy only (loss.sigma = 0). At every frame, over `particles` of its samples. @throws FileError when the
/// data are not the oscillator's; UsageError for models of another kind or with sigma > 0
[[nodiscard]] OscillatorComparison compare_with_oscillator(const std::string& model_path, const std::string& data_path,
                                                           std::int64_t particles = 2000);

}  // namespace scorefield::compare
