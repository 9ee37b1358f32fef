#pragma once

#include <string>

#include "data/dataset.hpp"
#include "training/batch/options.hpp"

namespace scorefield::training {

/// Where the targets of the velocity form come from: stored velocities, or differences of trajectories.
enum class VelocityKind { automatic, stored, differences };

/// What the option leaves open is decided by whether the stored ones say all that moves the population. @throws
/// FileError, UsageError: neither will do
[[nodiscard]] VelocityKind choose_velocities(const data::DatasetReader& reader, VelocityKind wanted,
                                             const BatchOptions& batch);

/// Whether stored velocities, with the jitter, say all that moves the population.
[[nodiscard]] bool stored_velocities_say_all(const data::DatasetHeader& header, const BatchOptions& batch);

/// Whether particles are followed over times enough for differences.
[[nodiscard]] bool can_take_differences(const data::DatasetHeader& header);

/// Whether the particles also diffuse, which their velocities leave out.
[[nodiscard]] bool diffuses(const data::DatasetHeader& header);

/// The same for the user.
[[nodiscard]] std::string describe(VelocityKind velocities, const data::DatasetHeader& header);

}  // namespace scorefield::training
