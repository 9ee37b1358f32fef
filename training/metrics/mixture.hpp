#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/mu_weights.hpp"
#include "data/problems/field_energy.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// Runs of several mu poured into one population: N w_i particles of the run with share w_i, N the number in the
/// smallest. No row is taken from two runs, since codes start every run from the same positions. One run alone is that
/// run.
class Mixture {
 public:
  /// @param run lives as long as this object
  Mixture(const Run& run, data::MuWeights shares, std::int64_t seed);

  /// Each run at its frame nearest in time. The weights of a run's particles add up to its share.
  [[nodiscard]] data::ParticleFrame particles(double time) const;

  /// The electric energy of these particles at mu, linear between the frames of the run with the largest share. [K]
  [[nodiscard]] std::vector<double> energy(const problems::FieldEnergy& field, const std::vector<double>& mu,
                                           std::span<const double> times) const;

 private:
  [[nodiscard]] std::vector<std::int64_t> order(std::int64_t count) const;

  const Run* run_;
  data::MuWeights shares_;
  std::int64_t seed_;
  bool in_file_order_;  ///< a problem made the runs: their starts are even from the first particle on
};

}  // namespace scorefield::metrics
