#pragma once

#include <span>

#include "core/dense/dense.hpp"
#include "models/fields/kinetic_pairs.hpp"
#include "models/fields/position_basis.hpp"

namespace scorefield::training {

/// One frame's particles, physical units, row-major.
struct KineticFrame {
  std::span<const float> samples;        ///< [N, d]
  std::span<const float> weights;        ///< [N]; empty: particles are alike
  std::span<const float> accelerations;  ///< [N, s]; empty: not known
};

/// Means over a frame's particles of what a force linear in phi [C] (models/fields/position_basis.hpp) is found from.
struct FrameMoments {
  dense::Matrix gram;      ///< E[phi phi'], [C, C]
  dense::Vector density;   ///< E[phi], [C]
  dense::Vector current;   ///< E[v.grad phi], [C]
  dense::Matrix momentum;  ///< E[phi v'], [C, s]
  dense::Matrix flux;      ///< E[(v.grad phi) v'], [C, s]
  dense::Matrix target;    ///< E[phi a'], [C, s]; 0 where accelerations are not known
  dense::Vector square;    ///< E[a^2], [s]
};

/// The same for any number of threads. @throws Error where there is no weight
[[nodiscard]] FrameMoments frame_moments(const models::PositionBasis& basis, const models::KineticPairs& pairs,
                                         const KineticFrame& frame);

}  // namespace scorefield::training
