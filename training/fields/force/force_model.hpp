#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/h5.hpp"
#include "data/mu_set.hpp"
#include "models/fields/force_course.hpp"
#include "models/fields/kinetic_pairs.hpp"
#include "models/fields/leapfrog.hpp"
#include "models/fields/position_basis.hpp"
#include "models/normalizer.hpp"
#include "training/fields/force/run_clocks.hpp"
#include "training/fields/mover.hpp"
#include "training/mu_interpolation.hpp"

namespace scorefield::training {

inline constexpr const char* kForceKind = "force";

/// A learned force: the courses of the training runs and how they are carried to other mu. Physical units.
struct ForceModel {
  models::PositionBasis basis;
  std::vector<std::vector<double>> mu;    ///< [M][p]
  std::vector<models::ForceCourse> runs;  ///< [M], at the same times
  MuRule rule;
  RunClocks clocks{};               ///< empty: as they are
  std::string source{};             ///< where it is from, for the user
  std::vector<double> diffusion{};  ///< [s] of velocities, D; empty: none
  std::vector<double> response{};   ///< [M]: g of own_field.hpp
  double unexplained = 1;           ///< share of the force, squares, that is not of that kind

  /// At mu [p].
  [[nodiscard]] models::ForceCourse at(const std::vector<double>& at) const;
  /// d/d mu_j, by differences within the training range.
  [[nodiscard]] models::ForceCourse rate_at(const std::vector<double>& at, std::size_t j) const;
};

/// The group /model/force. @throws FileError
void write_force(h5::File& file, const ForceModel& force);
[[nodiscard]] ForceModel read_force(const h5::File& file, const std::vector<std::vector<double>>& mu);

/// Moves populations by leapfrog steps (models/fields/leapfrog.hpp). Without diffusion their density stays what it is
/// along trajectories.
class ForceMover : public Mover {
 public:
  ForceMover(ForceModel force, models::Normalizer normalizer);

  /// Takes infer.steps, shared out over the intervals of the times; 0: 256, and at least two an interval. The method is
  /// always the same.
  void move(const Motion& motion, const integrators::FrameObserver& on_frame) const override;
  [[nodiscard]] std::int64_t step_count(const Motion& motion) const override;
  /// Where the training runs' force was that of their particles' own charge.
  [[nodiscard]] std::unique_ptr<FieldWatch> watch_at(const std::vector<double>& mu) const override;

  [[nodiscard]] const ForceModel& force() const { return force_; }

 private:
  void move_particles(const Motion& motion, const integrators::FrameObserver& on_frame) const;
  void move_tangents(const Motion& motion, const integrators::FrameObserver& on_frame) const;
  void advance_tangents(const models::ForceCourse& course, const std::vector<models::ForceCourse>& rates,
                        models::KineticTangents& particles, const std::vector<double>& times, std::uint64_t seed) const;
  [[nodiscard]] double physical_time(double t) const { return normalizer_.time_start + normalizer_.time_span * t; }

  ForceModel force_;
  models::Normalizer normalizer_;
  models::KineticPairs pairs_;
};

}  // namespace scorefield::training
