#pragma once

#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::pic {

/// One drifting Maxwellian of a population.
struct Beam {
  double density = 1;  ///< share of the particles; shares sum to 1
  double drift = 0;    ///< mean velocity
  double thermal = 1;  ///< standard deviation of the velocity, above 0
};

/// v -> v (1 + amplitude cos(2 pi mode x / L)). A mode that is not whole makes v jump at the box edge.
struct VelocityPerturbation {
  double amplitude = 0;
  double mode = 1;
};

/// n(x) = (1 + amplitude cos(2 pi mode x / L)) / mean, the density before velocities are perturbed; |amplitude| < 1. A
/// mode that is not whole makes n jump at the box edge; then the mean is not 1.
struct DensityPerturbation {
  double amplitude = 0;
  double mode = 1;

  /// 1 + amplitude sin(2 pi mode) / (2 pi mode)
  [[nodiscard]] double mean() const;
};

/// What a run starts from: f(x, v) = n(x) sum_s density_s N(v; drift_s, thermal_s^2), then v perturbed.
struct Population {
  std::vector<Beam> beams;
  VelocityPerturbation perturbation{};
  DensityPerturbation density{};
};

/// Initial state of all particles, x in [0, L).
struct Particles {
  std::vector<double> position;
  std::vector<double> velocity;
};

/// Cumulative distribution of a mixture of Maxwellians and its inverse.
class VelocityDistribution {
 public:
  explicit VelocityDistribution(std::vector<Beam> beams);

  [[nodiscard]] double density(double v) const;
  [[nodiscard]] double cumulative(double v) const;
  /// v with cumulative(v) = share, for share in (0, 1): Newton, safeguarded by bisection, to 1e-13 of the velocity
  /// range.
  [[nodiscard]] double quantile(double share) const;

 private:
  std::vector<Beam> beams_;
  double lowest_ = 0;
  double spacing_ = 0;
  std::vector<double> table_;  ///< cumulative() at lowest_ + i spacing_
};

/// The x in [0, L) below which the share `share` in (0, 1) of the density lies.
[[nodiscard]] double position_quantile(const DensityPerturbation& density, double box_length, double share);

/// f(x, v) of a population as a function: what a grid starts from.
class PhaseSpaceDensity {
 public:
  /// @throws UsageError for a population that is not one
  PhaseSpaceDensity(const Population& population, double box_length);
  [[nodiscard]] double operator()(double x, double v) const;

 private:
  VelocityDistribution distribution_;
  VelocityPerturbation perturbation_;
  DensityPerturbation density_;
  double wavenumber_;  ///< 2 pi / L
  double mean_;        ///< of the density before it is scaled to 1
};

/// Draws `count` particles. Start::quiet takes points of a scrambled Sobol' sequence through the inverse cumulative
/// distribution in (x, v), so that every prefix represents the population as evenly as its size allows; Start::random
/// takes independent uniforms through the same map. Particle i depends on (random, i) alone.
/// @throws UsageError for a population that is not one (no beams, a thermal speed of 0, shares not summing to 1, a
/// density below 0 somewhere)
[[nodiscard]] Particles load(const Population& population, double box_length, std::int64_t count, Start start,
                             const Philox& random);

}  // namespace scorefield::pic
