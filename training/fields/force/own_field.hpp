#pragma once

#include <span>
#include <vector>

#include "core/dense/dense.hpp"
#include "models/fields/force_course.hpp"
#include "models/fields/kinetic_pairs.hpp"
#include "models/fields/position_basis.hpp"
#include "training/fields/field_check.hpp"

namespace scorefield::training {

/// Coefficients [C, s] of the force that a density E[phi] [C] of charges makes, F = g G with div G = n/mean(n) - 1,
/// wave by wave; of a current the force's rate of change. g is q/m rho_0/eps_0.
[[nodiscard]] dense::Matrix own_force(const models::PositionBasis& basis, const dense::Vector& density, double g);

/// How far forces are those of their particles' own density, over frames: F = g G by least squares.
class ResponseFit {
 public:
  /// force: [C, s]; density: [C], of one frame. Waves alone count.
  void add(const models::PositionBasis& basis, const dense::Matrix& force, const dense::Vector& density);
  /// g
  [[nodiscard]] double response() const { return squares_ > 0 ? product_ / squares_ : 0; }
  /// The share of the force's mean square that is not g G, 0 to 1.
  [[nodiscard]] double unexplained() const;

 private:
  double product_ = 0, squares_ = 0, force_squares_ = 0;
};

/// Compares a force with the one that the density of a population makes.
class OwnFieldWatch : public FieldWatch {
 public:
  /// `basis` lives as long as this object; g at the population's mu.
  OwnFieldWatch(const models::PositionBasis& basis, models::KineticPairs pairs, models::ForceCourse course, double g);

  void see(double time, std::span<const float> samples, std::span<const float> weights) override;
  [[nodiscard]] FieldCheck result() const override;

 private:
  /// Mean squares over space.
  struct Seen {
    double time, imposed, own, difference, floor;
  };

  const models::PositionBasis& basis_;
  models::KineticPairs pairs_;
  models::ForceCourse course_;
  double g_;
  std::vector<Seen> seen_;
};

}  // namespace scorefield::training
