#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// What the training data alone say about a mu: copy the nearest run, or interpolate histories between runs.
class TrainingBaseline {
 public:
  /// @throws FileError
  explicit TrainingBaseline(const std::string& path) : run_(path) {}

  [[nodiscard]] const Run& run() const { return run_; }

  [[nodiscard]] std::int64_t nearest(const std::vector<double>& mu) const { return run_.nearest_mu(mu); }
  [[nodiscard]] bool is_training_mu(const std::vector<double>& mu) const { return run_.find_mu(mu).has_value(); }

  /// Whether every parameter lies between its smallest and largest training value, up to rounding.
  [[nodiscard]] bool inside_range(const std::vector<double>& mu) const;

  /// "1.2 to 1.9", per parameter.
  [[nodiscard]] std::string range_text() const;

  /// The two training runs around a mu: (1 - weight) of `near` and `weight` of `far`.
  struct Neighbours {
    std::int64_t near = 0, far = 0;
    double weight = 0;
  };
  /// Linear interpolation in mu; absent outside the range or for several parameters.
  [[nodiscard]] std::optional<Neighbours> neighbours(const std::vector<double>& mu) const;

  /// E(t) linear in mu; absent where there are no neighbours.
  [[nodiscard]] std::optional<std::vector<double>> interpolated_energy(const problems::Problem& problem,
                                                                       const std::vector<double>& mu,
                                                                       std::span<const double> times) const;

 private:
  Run run_;
};

}  // namespace scorefield::metrics
