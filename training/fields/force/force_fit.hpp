#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "data/dataset.hpp"
#include "models/fields/force_course.hpp"
#include "models/fields/kinetic_pairs.hpp"
#include "models/fields/position_basis.hpp"
#include "training/fields/force/options.hpp"

namespace scorefield::training {

/// The force of every training run over time, found by least squares, physical units.
struct ForceFit {
  models::PositionBasis basis;
  std::vector<models::ForceCourse> runs{};  ///< [M], all at the same times
  double charge_to_mass = 0;                ///< with ForceSource::charge
  double rest = -1;  ///< root mean square of what accelerations have beside the force, relative; below 0: they
                     ///< are not known
  std::vector<double> response{};  ///< [M]: g of the force that the particles' own density makes (own_field.hpp)
  double unexplained = 0;          ///< the largest share of a run's force that is not of that kind, squares
  std::string source{};            ///< where it is from, for the user
};

/// The pairs of position and velocity of a dataset; without any where a force of positions does not move it.
[[nodiscard]] models::KineticPairs kinetic_pairs_of(const data::DatasetHeader& header);

/// Where the force would be taken from; absent: these data do not have it. @throws UsageError where a source is asked
/// for that they do not have
[[nodiscard]] std::optional<ForceSource> force_source(const data::DatasetHeader& header, const ForceOptions& options);

/// At every frame, with F_a = sum_j c_ja phi_j and E the mean over its particles:
///   stored, differences   E[phi phi'] c_a = E[phi dv_a/dt]
///   momentum              E[phi phi'] c_a = d/dt E[v_a phi] - E[v_a v.grad phi]      (spline through the frames)
///   charge                F = q/m E, div E = rho_0/eps_0 (n/mean(n) - 1), wave by wave; dF/dt from the current
/// In between frames the coefficients are cubic in time.
/// @throws UsageError, FileError where the data do not hold what it takes
[[nodiscard]] ForceFit fit_force(const data::DatasetReader& reader, const ForceOptions& options,
                                 const ProgressObserver& observer);

}  // namespace scorefield::training
