#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::pic {

/// How a particle's charge spreads over cells, and, being the same weights, how it feels the field.
enum class Shape { cic, tsc };

/// How particles are drawn from the initial population.
enum class Start { quiet, random };

/// Arithmetic of velocities and fields; positions are 32-bit fractions of the box in either case.
enum class Precision { single, double_ };

/// A 1D1V electrostatic particle-in-cell run. Lengths in units of lambda, times in lambda / v_thermal, where
/// lambda is the Debye length and 1 / plasma frequency is one time unit at mu = 1 (README.md).
struct PicOptions {
  double box_length = 50;                      ///< L, periodic; the problem's to choose, so not bound here
  std::int64_t cells = 256;                    ///< 4 .. 16384; the spacing should not exceed the Debye length mu
  double dt = 0.01;                            ///< largest time step; shortened so that frames fall on steps
  double duration = 40;                        ///< t runs over [0, duration]
  std::int64_t simulated_particles = 200'000;  ///< of which a generator stores a prefix
  Shape shape = Shape::cic;
  Start start = Start::quiet;
  Precision precision = Precision::single;
};

inline constexpr std::int64_t kMinCells = 4;
inline constexpr std::int64_t kMaxCells = 16384;
inline constexpr std::int64_t kMaxParticles = 2'000'000'000;

/// Keys pic.cells, pic.dt, pic.duration, pic.simulated_particles, pic.shape, pic.start, pic.precision.
void bind(OptionSet& set, PicOptions& options);

/// Checks every field alone and against `mu` (leapfrog needs dt below 2 / plasma frequency = 2 mu).
/// @throws UsageError naming the key
void validate(const PicOptions& options, double mu);

}  // namespace scorefield::pic
