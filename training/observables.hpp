#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/mu_weights.hpp"

namespace scorefield::training {

/// What observables are of, by the periods of the coordinates.
struct ObservableSpace {
  std::vector<std::int64_t> free;      ///< coordinates without a period: mean and second central moments
  std::vector<std::int64_t> periodic;  ///< those with one: density modes
  bool covariance = true;              ///< all second moments; false: variances alone, of many coordinates

  [[nodiscard]] std::int64_t moments() const;  ///< how many numbers they are
  [[nodiscard]] std::int64_t modes() const;
};
[[nodiscard]] ObservableSpace observable_space(const std::vector<double>& periods);

/// Waves of a period that are observed.
constexpr std::int64_t kObservedModes = 8;

/// Observables of one population, physical units.
struct Observables {
  /// Means of the free coordinates, [f], then their covariance, its lower triangle by rows [f (f + 1)/2] (variances
  /// [f]).
  std::vector<double> moments;
  /// E[exp(2 pi i m x/L)], real and imaginary parts, [periodic, kObservedModes, 2].
  std::vector<double> modes;
};

/// Observables of the training runs over their times: what guided rollouts are held to (rollout/guide.hpp).
struct ObservableCourses {
  std::vector<std::vector<double>> time;     ///< [M][K_m], physical
  std::vector<std::vector<double>> moments;  ///< [M][K_m * space.moments()]
  std::vector<std::vector<double>> modes;    ///< [M][K_m * space.modes()]

  /// sum_m w_m times run m's at that time, cubic in time between its four frames around it (constant beyond its ends).
  [[nodiscard]] Observables at(const data::MuWeights& runs, double time) const;
};

/// Of all frames; of some of them, spread over the times of every mu, where there is very much to read. Particles by
/// their weights.
[[nodiscard]] ObservableCourses observable_courses_of(const data::DatasetReader& reader);

/// The group /observables of a model file. Absent where the file is an older one. @throws FileError
void write_observables(h5::File& file, const ObservableCourses& courses, const std::vector<double>& periods);
[[nodiscard]] std::optional<ObservableCourses> read_observables(const h5::File& file, std::int64_t mu_count,
                                                                const std::vector<double>& periods);

}  // namespace scorefield::training
