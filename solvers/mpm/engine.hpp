#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/state_archive.hpp"
#include "solvers/mpm/options.hpp"
#include "solvers/mpm/particles.hpp"
#include "solvers/mpm/passage.hpp"

namespace scorefield::mpm {

/// Matter on a grid that follows it, d <= 3, in the coordinates that the caller gives: explicit steps of MLS-MPM with
/// implicit damping. Knows no target: the caller kicks the particles. Deterministic for any number of threads.
/// State per particle: position, velocity, affine matrix C, and for solids the deformation gradient F.
template <class T>
class Engine {
 public:
  /// positions [N, d], at rest. passage: null: the fused one.
  Engine(int d, std::span<const double> positions, const MpmOptions& options,
         std::shared_ptr<GridPassage<T>> passage = nullptr);

  [[nodiscard]] std::int64_t count() const { return particles_.count(); }
  [[nodiscard]] int dimension() const { return d_; }

  /// v += dt a (a [N, d], or empty), then one transfer to the grid and back: pressure of temperature 1 (gas), stress,
  /// damping (implicit, a rate), motion. Neither the kick nor the motion moves a particle by more than `limit`.
  void advance(double dt, double limit, double damping, std::span<const double> acceleration = {});

  /// Grid spacing with `per_cell` particles in an occupied cell on average, but never more occupied cells than
  /// `most_cells`; the spacing is adjusted towards it, or set when it is not yet known.
  void fit_spacing(double per_cell, std::int64_t most_cells);
  [[nodiscard]] double spacing() const { return spacing_; }
  void set_spacing(double h) { spacing_ = h; }

  /// Brings particles of a cell together in memory. Changes the order of all arrays below.
  void sort();

  /// [N, d], until the particles move or change places.
  [[nodiscard]] std::span<const double> positions();
  void read_velocities(std::span<double> v) const;  ///< [N, d]
  /// Particles per unit volume at every particle as the last advance() saw them, in units of 1.
  void read_density(std::span<double> density) const;
  /// values [N] averaged by the transfers: to the grid and back.
  void smooth(std::span<double> values);
  /// Replaces particle p by a copy of source[p], displaced by `jitter` [N, d] where source[p] is not p itself.
  void copy_particles(std::span<const std::int32_t> source, std::span<const double> jitter);
  /// x -> A x + b, v -> A v, C -> A C A^-1.  matrices row-major [d, d].
  void transform(std::span<const double> a, std::span<const double> inverse, std::span<const double> b);

  [[nodiscard]] double mean_square_speed() const;
  /// The largest wave_speed() of all particles; 1 for the gas.
  [[nodiscard]] double fastest_wave() const;

  /// The state, into a checkpoint or back.
  void exchange(StateArchive& archive);

 private:
  void survey();
  void place_grid();
  void pass_grid(const ParticleView<T>& view, const Kick& kick, T keep, Move<T> move);
  void compute_stress(double dt);
  void deform(double dt);

  int d_;
  MpmOptions options_;
  std::shared_ptr<GridPassage<T>> passage_;
  Particles<T> particles_, scratch_;
  std::vector<T> stress_;
  std::vector<double> deformation_;  ///< [N, d, d], solids
  GridView<T> grid_;
  std::int64_t node_count_ = 0;
  double spacing_ = 0;
  Whereabouts<T> where_;
  bool surveyed_ = false;  ///< where_ holds
};

extern template class Engine<float>;
extern template class Engine<double>;

}  // namespace scorefield::mpm
