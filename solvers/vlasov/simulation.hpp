#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "solvers/fft/fft.hpp"
#include "solvers/pic/poisson.hpp"
#include "solvers/vlasov/kernel.hpp"
#include "solvers/vlasov/options.hpp"

namespace scorefield::vlasov {

/// The equations and the box.
struct Plasma {
  double box_length = 50;
  double mu = 1;         ///< mu^2 phi'' = n - 1
  double diffusion = 0;  ///< eta of d_t f + ... = eta d_vv f
};

/// Integrals over phase space at a whole time step, f having mean density 1.
struct GridMoments {
  double kinetic_energy = 0;  ///< 1/2 integral of v^2 f
  double momentum = 0;        ///< integral of v f
  double mass = 0;            ///< integral of f; the box length, up to the tails beyond v_max
  double l2 = 0;              ///< integral of f^2: constant but for what the grid cannot resolve
  double lowest = 0;          ///< the most negative value of f, relative to the largest initial one
  double negative_mass = 0;   ///< integral of the negative part of f, below 0
};

/// Vlasov-Poisson on a grid, semi-Lagrangian Strang splitting: half a kick, a drift, half a kick. A drift does not
/// change f along v and a kick not the density, so the half kicks of neighbouring steps are done as one, and the grid
/// holds f half a kick before the whole step, like a leapfrog's velocities: two interpolations a step. The grid is
/// periodic in both directions; a check stops the run before anything leaves along v. Every node is computed by one
/// thread in a fixed order: bitwise the same results for any number of threads and instruction set.
class Simulation {
 public:
  /// Starts from f(x, v). options.dt is not looked at. @throws UsageError for options that validate() rejects
  Simulation(const VlasovOptions& options, double dt, const Plasma& plasma,
             const std::function<double(double x, double v)>& initial);

  /// Continues from a step and its values(), bit for bit. @param largest as given by largest()
  Simulation(const VlasovOptions& options, double dt, const Plasma& plasma, std::int64_t step, double largest,
             std::vector<double> values);

  /// One step of every cell. @throws DivergenceError if f is not finite or reaches the edge of the velocities
  void advance();

  [[nodiscard]] std::int64_t step() const { return step_; }
  [[nodiscard]] double time() const { return static_cast<double>(step_) * dt_; }
  [[nodiscard]] double dt() const { return dt_; }
  [[nodiscard]] GridMoments moments() const;
  /// At the present step, [cells].
  [[nodiscard]] std::span<const double> density() const { return density_; }
  [[nodiscard]] std::span<const double> field() const { return field_; }
  [[nodiscard]] double electric_energy() const;
  /// E_k, k = 1 .. 8 (solvers/pic/poisson.hpp).
  [[nodiscard]] std::span<const std::complex<double>> field_modes() const { return modes_; }

  /// A copy of f at the nodes, [cells, velocity_cells]; v is half a kick before the present step: v now = v + a dt / 2,
  /// a = -E(x).
  [[nodiscard]] std::vector<double> values() const;
  [[nodiscard]] std::span<const double> velocity() const { return velocity_; }
  [[nodiscard]] double largest() const { return largest_; }
  [[nodiscard]] const VlasovOptions& options() const { return options_; }
  [[nodiscard]] const Plasma& plasma() const { return plasma_; }

 private:
  /// Velocities of one whole displacement in cells: they read the same rows.
  struct Segment {
    std::int64_t begin, end, first;
  };

  Simulation(const VlasovOptions& options, double dt, const Plasma& plasma);
  void prepare_drift();
  void kick();
  void drift();
  void kick_row(std::int64_t i, double* padded);
  void drift_rows(std::int64_t begin, std::int64_t end);
  void sum_rows(const std::vector<double>& values, std::int64_t begin, std::int64_t end);
  void solve();
  void check() const;

  VlasovOptions options_;
  double dt_;
  Plasma plasma_;
  const Kernels& kernels_;
  double spacing_, velocity_spacing_;
  fft::SpectralField poisson_;
  pic::FourierModes fourier_;

  std::int64_t step_ = 0;
  double largest_ = 0;         ///< of the initial f
  std::int64_t stride_;        ///< of a row of f_, above velocity_cells
  std::vector<double> f_, g_;  ///< [cells, stride]; g_ takes the result of the drift
  std::vector<double> velocity_;
  int drift_taps_ = 0;
  std::vector<double> drift_weight_;  ///< [taps, stride]
  std::vector<Segment> segments_;
  std::vector<RowSums> sums_;  ///< [cells], of f_
  std::vector<double> density_, field_;
  std::vector<std::complex<double>> modes_;
};

}  // namespace scorefield::vlasov
