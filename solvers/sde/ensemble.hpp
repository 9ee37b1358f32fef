#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solvers/sde/options.hpp"
#include "solvers/sde/system.hpp"

namespace scorefield::sde {

/// How a run advances and which random numbers it draws; (seed, stream) name independent runs.
struct RunSettings {
  double dt = 0.01;
  Scheme scheme = Scheme::heun;
  std::int64_t path_refinement = 1;  ///< brownian.hpp
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;  ///< a generator puts the bits of mu here
};

inline constexpr std::int64_t kMaxParticles = 2'000'000'000;

/// N independent particles of one system. They are advanced in blocks of kLanes, each through all the steps of a call
/// while it is in the cache; threads share the blocks. Particle n of a run is a pure function of (system, settings, n):
/// the same for any N, any number of threads and any instruction set.
class Ensemble {
 public:
  /// Draws the initial particles. @throws UsageError for what validate() rejects (options.hpp) and for N out of range
  Ensemble(System system, const Population& initial, std::int64_t particles, const RunSettings& settings);

  /// @throws DivergenceError naming coordinate and particle if a value is not finite after these steps
  void advance(std::int64_t steps);

  [[nodiscard]] std::int64_t step() const { return step_; }
  [[nodiscard]] double time() const { return static_cast<double>(step_) * settings_.dt; }
  [[nodiscard]] std::int64_t particles() const { return particles_; }
  [[nodiscard]] const System& system() const { return system_; }

  /// All that a run goes on from, beside step(): coordinates of all particles in the order of memory.
  [[nodiscard]] const std::vector<double>& states() const { return state_; }
  /// Back to what another ensemble of the same system, settings and particles was. `states` has as many numbers.
  void restore(std::int64_t step, std::vector<double> states);

  [[nodiscard]] double state(std::int64_t particle, std::int64_t coordinate) const;

  /// The given coordinates of all particles, samples: [N, coordinates] row-major.
  void read(std::span<const std::int64_t> coordinates, std::span<float> samples) const;

  /// b at the present time, likewise: the time derivative of coordinates without noise.
  void read_drift(std::span<const std::int64_t> coordinates, std::span<float> rates) const;

  struct Moments {
    std::vector<double> mean;        ///< [d]
    std::vector<double> covariance;  ///< [d, d] row-major, divided by N - 1
  };
  /// Over all particles, summed in a fixed order. O(N d^2).
  [[nodiscard]] Moments moments() const;

 private:
  [[nodiscard]] const double* block(std::int64_t index) const;
  [[nodiscard]] double* block(std::int64_t index);
  void draw(const Population& initial);
  void check_finite(std::int64_t index) const;

  System system_;
  RunSettings settings_;
  std::uint64_t key_;
  std::int64_t particles_, blocks_;
  std::int64_t step_ = 0;
  std::vector<double> state_;  ///< [blocks, d, kLanes]; lanes past the last particle are advanced and never read
};

}  // namespace scorefield::sde
