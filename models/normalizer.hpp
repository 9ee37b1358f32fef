#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::models {

/// Affine maps between physical and normalised quantities, from training data only. Normalised: coordinates have unit
/// deviation (times ModelOptions::metric), time runs over [0, 1] and each parameter over [-1, 1] in the training set.
/// It also sets the metric in which the drift is a gradient: the model is trained and integrated in these coordinates.
struct Normalizer {
  std::vector<double> center, scale;  ///< [d] x = center + scale x_n
  std::vector<double> periods;        ///< [d] physical period; 0 = not periodic
  std::vector<std::int64_t>
      velocity_of;  ///< [d] or empty: the coordinate that is this one's time derivative, -1: none is
  std::vector<double> mu_center, mu_scale;  ///< [p]
  double time_start = 0, time_span = 1;

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(center.size()); }
  [[nodiscard]] double normalized_period(std::int64_t c) const {
    return periods[static_cast<std::size_t>(c)] / scale[static_cast<std::size_t>(c)];
  }
  [[nodiscard]] std::vector<double> normalized_periods() const {  ///< [d]; 0: not periodic
    std::vector<double> result;
    for (std::int64_t c = 0; c < dimension(); ++c) result.push_back(normalized_period(c));
    return result;
  }
  [[nodiscard]] double normalized_time(double t) const { return (t - time_start) / time_span; }
  [[nodiscard]] std::vector<double> normalized_mu(const std::vector<double>& mu) const {
    std::vector<double> result(mu.size());
    for (std::size_t i = 0; i < mu.size(); ++i) result[i] = (mu[i] - mu_center[i]) / mu_scale[i];
    return result;
  }
};

}  // namespace scorefield::models
