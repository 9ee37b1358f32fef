#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "solvers/pic/collisions.hpp"
#include "solvers/pic/deposit.hpp"
#include "solvers/pic/kernel.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/options.hpp"
#include "solvers/pic/poisson.hpp"

namespace scorefield::pic {

/// Velocity moments at a whole time step, integrals over the box with mean density 1.
struct Moments {
  double kinetic_energy = 0;  ///< 1/2 integral of v^2 f dx dv
  double momentum = 0;        ///< integral of v f dx dv
};

/// Leading Fourier modes of the field that a run records.
inline constexpr std::int64_t kFieldModes = 8;

/// All that a run needs to continue bit for bit, besides its options.
template <class Real>
struct State {
  std::int64_t step = 0;
  std::vector<Position> position;  ///< [N] at the step
  std::vector<Real> velocity;      ///< [N] half a step earlier
};

/// A 1D1V electrostatic particle-in-cell run: leapfrog, one fused and threaded pass over the particles per step.
/// Deposits are integer sums, so every result is bitwise the same for any number of threads and instruction set.
/// Real: arithmetic of velocities and field; positions are 32-bit fractions of the box (kernel.hpp).
template <class Real>
class Simulation {
 public:
  /// Takes over x^0 and v^0, solves for E^0 and moves the velocities back by half a step. options.dt is not looked at.
  /// @throws UsageError for options that validate() rejects or particles that are not options.simulated_particles
  Simulation(const PicOptions& options, double dt, double mu, const Particles& initial,
             const Collisions& collisions = {});

  /// Continues a run from its state(), bit for bit, with the same options. @throws as above
  Simulation(const PicOptions& options, double dt, double mu, State<Real> state, const Collisions& collisions = {});

  [[nodiscard]] const State<Real>& state() const { return state_; }

  /// One step, n -> n + 1. Returns the moments at step n, which the pass sees on its way.
  /// @throws DivergenceError if the field is not finite or a particle crosses half of the box in one step
  Moments advance();

  /// The moments at the present step, as advance() would return them.
  [[nodiscard]] Moments moments() const;

  [[nodiscard]] std::int64_t step() const { return state_.step; }
  [[nodiscard]] double time() const { return static_cast<double>(state_.step) * dt_; }
  [[nodiscard]] std::int64_t particles() const { return static_cast<std::int64_t>(state_.position.size()); }
  /// At the present step, [cells].
  [[nodiscard]] std::span<const double> density() const { return density_; }
  [[nodiscard]] std::span<const double> field() const { return field_; }
  [[nodiscard]] double electric_energy() const { return poisson_.energy(field_); }
  /// E_k for k = 1 .. count (poisson.hpp), count = min(kFieldModes, cells / 2).
  [[nodiscard]] std::span<const std::complex<double>> field_modes() const { return modes_; }

  /// State (x, v) and its time derivative (v, a) of the first particles, all at the present step.
  /// samples, rates: [N, 2] row-major with one N <= particles(); rates may be empty.
  void read(std::span<float> samples, std::span<float> rates) const;

 private:
  Simulation(const PicOptions& options, double dt, double mu, const Collisions& collisions);
  void solve();
  void check_speed();
  [[nodiscard]] Block<Real> block(std::int64_t index, std::uint64_t* counts);
  [[nodiscard]] Real whole_step_velocity(std::size_t particle) const;

  PicOptions options_;
  double dt_;
  Collisions collisions_;
  AdvanceBlock<Real> advance_block_;
  PeriodicPoisson poisson_;
  FourierModes fourier_;

  State<Real> state_;
  double speed_bound_ = 0;  ///< no particle is faster

  std::int64_t block_size_;
  std::int64_t blocks_;
  std::vector<std::uint64_t> packed_;  ///< [threads, 1 (CIC) or 2 (TSC), cells + 1], padded: a block's counts
  std::vector<ChargeSums>
      thread_charges_;                  ///< [threads]: of a thread's blocks; exact, so whose they were does not matter
  std::vector<Moments> block_moments_;  ///< [blocks]: sums of v^2 and v
  ChargeSums charge_;
  KickTable<Real> kicks_;
  std::vector<double> density_, field_;
  std::vector<std::complex<double>> modes_;
};

extern template class Simulation<float>;
extern template class Simulation<double>;

}  // namespace scorefield::pic
