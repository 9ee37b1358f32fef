#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/mu_weights.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// What the training data alone say about a mu: copy the nearest run, interpolate histories between runs, or pour the
/// particles of several together.
class TrainingBaseline {
 public:
  /// `left_out`, [L][p]: runs of the file that the model was trained without, which no baseline may know either.
  /// @throws FileError
  TrainingBaseline(const std::string& path, const std::vector<std::vector<double>>& left_out)
      : run_(path), left_out_(run_.leave_out(left_out)), mu_(run_.header().mu) {}

  /// Those of them that the file has.
  [[nodiscard]] const std::vector<std::vector<double>>& left_out() const { return left_out_; }

  [[nodiscard]] const Run& run() const { return run_; }

  [[nodiscard]] std::int64_t nearest(const std::vector<double>& mu) const { return run_.nearest_mu(mu); }
  [[nodiscard]] bool is_training_mu(const std::vector<double>& mu) const { return run_.find_mu(mu).has_value(); }

  /// Whether every parameter lies between its smallest and largest training value, up to rounding.
  [[nodiscard]] bool inside_range(const std::vector<double>& mu) const;

  /// "1.2 to 1.9", per parameter.
  [[nodiscard]] std::string range_text() const;

  /// Shares of the training runs whose histories add up to one at mu, linear in mu (barycentric) and cubic
  /// (data/mu_weights.hpp); absent outside the runs' hull, cubic also for several parameters or below four runs.
  [[nodiscard]] std::optional<data::MuWeights> linear(const std::vector<double>& mu) const;
  [[nodiscard]] std::optional<data::MuWeights> cubic(const std::vector<double>& mu) const;
  /// Shares of the training runs in a mixture: the barycentric ones; outside the hull by inverse distance.
  [[nodiscard]] data::MuWeights mixture(const std::vector<double>& mu) const;

  /// sum_i w_i E_i(t), of the best energies of the runs. [K]
  [[nodiscard]] std::vector<double> combined_energy(const problems::FieldEnergy& field, const data::MuWeights& weights,
                                                    std::span<const double> times) const;

 private:
  Run run_;
  std::vector<std::vector<double>> left_out_;
  data::MuSet mu_;
};

}  // namespace scorefield::metrics
