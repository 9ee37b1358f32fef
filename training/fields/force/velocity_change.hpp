#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "models/fields/kinetic_pairs.hpp"

namespace scorefield::training {

/// Particles of a frame that are followed to the frames beside it, with their accelerations.
struct VelocityChange {
  std::vector<float> samples;        ///< [N, d]
  std::vector<float> weights;        ///< [N]; empty: particles are alike
  std::vector<float> accelerations;  ///< [N, s]
};

/// By the parabola through the velocities of three frames, those nearest to frame k: of second order at any spacing.
/// @throws FileError where nobody is in all three
[[nodiscard]] VelocityChange velocity_change(const data::DatasetReader& reader, const models::KineticPairs& pairs,
                                             std::int64_t mu_index, std::int64_t k);

}  // namespace scorefield::training
