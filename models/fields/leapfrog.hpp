#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/random.hpp"
#include "models/fields/force_course.hpp"
#include "models/fields/position_basis.hpp"
#include "models/fields/wave_sum.hpp"

namespace scorefield::models {

/// Particles under a force of their positions, dx/dt = v, dv/dt = F(x, t), by kick-drift-kick steps: symplectic, of
/// order 2. In one dimension the force of a step is tabulated; in two and three its waves are summed up (wave_sum.hpp).
class Leapfrog {
 public:
  /// `course`: s C numbers, those of a component together. Both outlive this object.
  Leapfrog(const PositionBasis& basis, const ForceCourse& course);

  /// Velocities diffuse, dv = F dt + sqrt(2 D) dW: `rates` D [s]. Normals are counted by (seed, step, particle).
  void diffuse(std::vector<double> rates, std::uint64_t seed);

  /// position, velocity: [N, s] row-major
  void place(std::span<const float> position, std::span<const float> velocity);
  /// `steps` equal steps from time `from` to time `to`.
  void advance(double from, double to, std::int64_t steps);
  /// Positions of periodic axes between origin and origin + length.
  void read(std::span<float> position, std::span<float> velocity) const;

 private:
  /// The force along a line: F in cell i at fraction w of it is base + w slope.
  struct Cell {
    float base, slope;
  };

  void tabulate(double t);
  void kick(double t, double dt);
  void drift(double dt);
  void kick_block(std::size_t begin, std::size_t end, float dt);
  void scatter(double dt);

  const PositionBasis& basis_;
  const ForceCourse& course_;
  std::size_t count_ = 0;                   ///< N
  std::vector<float> position_, velocity_;  ///< [N, s]; in one dimension in units of a cell, from the origin
  std::vector<double> at_nodes_;            ///< [nodes, C] of the table
  std::vector<Cell> table_;
  std::vector<double> coefficients_;  ///< [s C] at table_time_
  double table_time_;
  std::optional<WaveSum> waves_;   ///< in two and three dimensions
  std::vector<double> diffusion_;  ///< [s]; empty: none
  std::uint64_t seed_ = 0, step_ = 0;
};

/// Adds sqrt(2 D dt) times a normal to the s velocities of every particle, which are `stride` numbers apart.
template <class Real>
void scatter_velocities(const std::vector<double>& rates, double dt, Philox random, Real* velocity, std::size_t count,
                        std::size_t stride);
extern template void scatter_velocities(const std::vector<double>&, double, Philox, float*, std::size_t, std::size_t);
extern template void scatter_velocities(const std::vector<double>&, double, Philox, double*, std::size_t, std::size_t);

/// Where particles are with their derivatives with respect to p parameters, in double precision.
struct KineticTangents {
  std::size_t dimension = 1, parameters = 1;  ///< s, p
  /// [N, (1 + p) 2 s]: positions, velocities, then dx/dmu_j and dv/dmu_j of every parameter
  std::vector<double> state;
};

/// The same steps for those. `rates`: d course/d mu_j, [p]. Positions are not wrapped.
void advance_tangents(const PositionBasis& basis, const ForceCourse& course, const std::vector<ForceCourse>& rates,
                      KineticTangents& particles, const std::vector<double>& times);

}  // namespace scorefield::models
