#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "solvers/pic3d/kernel.hpp"
#include "solvers/pic3d/loading.hpp"
#include "solvers/pic3d/options.hpp"
#include "solvers/pic3d/poisson.hpp"

namespace scorefield::pic3d {

/// Velocity moments at a whole time step, integrals over the box with mean density 1.
struct Moments {
  double kinetic_energy = 0;
  std::array<double, 3> momentum{};
};

/// A 3D3V electrostatic particle-in-cell run: leapfrog, trilinear weights, spectral field; one fused pass over the
/// particles per step. Charges are added up in blocks of particles that do not depend on the number of threads, and the
/// blocks in their order: bitwise the same results for any number of threads and instruction set.
class Simulation {
 public:
  /// Takes over x^0 and v^0, solves for E^0 and moves the velocities back by half a step. options.dt is not looked at.
  /// @throws UsageError for options that validate() rejects or particles that are not options.simulated_particles
  Simulation(const Pic3dOptions& options, double dt, Particles initial);

  /// Continues from a step and its particles(), bit for bit.
  Simulation(const Pic3dOptions& options, double dt, std::int64_t step, Particles particles);

  /// One step, n -> n + 1. Returns the moments at step n. @throws DivergenceError if the field is not finite
  Moments advance();
  /// The moments at the present step.
  [[nodiscard]] Moments moments() const;

  [[nodiscard]] std::int64_t step() const { return step_; }
  [[nodiscard]] double time() const { return static_cast<double>(step_) * dt_; }
  /// Positions at the present step, velocities half a step earlier, in the order of the last sort.
  [[nodiscard]] const Particles& particles() const { return particles_; }
  [[nodiscard]] std::span<const double> density() const { return density_; }
  [[nodiscard]] const std::array<std::vector<double>, 3>& field() const { return field_; }
  [[nodiscard]] double electric_energy() const;
  [[nodiscard]] std::span<const std::complex<double>> field_modes() const { return poisson_.modes(); }

  /// State (x, y, z, vx, vy, vz) and its time derivative of the particles whose number at the start was below N, in
  /// that order, at the present step. samples, rates: [N, 6]; rates may be empty.
  void read(std::span<float> samples, std::span<float> rates) const;

 private:
  Simulation(const Pic3dOptions& options, double dt);
  void take(Particles particles);
  void sweep(void (*kernel)(Block&));
  void solve();
  [[nodiscard]] Block block(std::int64_t index, float* corners);
  [[nodiscard]] std::array<double, 3> kick_at(std::size_t particle) const;

  Pic3dOptions options_;
  double dt_;
  const Kernels& kernels_;
  int log_cells_;
  Poisson poisson_;
  std::int64_t step_ = 0;
  Particles particles_, spare_;

  std::int64_t blocks_;
  std::vector<float> charge_;           ///< [blocks, n^3]
  std::vector<float> corners_;          ///< [threads of the last sweep, n^3, 8]
  std::vector<Moments> block_moments_;  ///< [blocks]: sums of v^2 and v
  std::vector<float> kicks_;            ///< [(n + 1)^3, 4]
  std::vector<double> density_;         ///< [n, n, n]
  std::array<std::vector<double>, 3> field_;
};

/// 1/2 integral of E^2 of equally weighted particles by the same deposit and solve as a run's.
/// samples: [N, stride] row-major with the position (any period) in the first three columns. @throws Error
[[nodiscard]] double electric_energy(std::span<const float> samples, std::int64_t stride, const Pic3dOptions& options);

}  // namespace scorefield::pic3d
