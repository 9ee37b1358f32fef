#pragma once

#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// Where the targets of the velocity form come from: stored velocities, or differences of trajectories. What the
/// options leave open is decided by whether the stored ones say all that moves the population. @throws FileError,
/// UsageError: neither will do
[[nodiscard]] VelocityKind choose_velocities(const data::DatasetReader& reader, const TrainConfig& config);

/// The same for the user.
[[nodiscard]] std::string describe(VelocityKind velocities, const data::DatasetHeader& header);

/// What the targets of jittered samples change by, times the jitter over its variance; [d], normalised units, or empty.
/// `stored`: the targets are stored velocities.
///
/// What moves a population that drifts with v and diffuses is v - D grad log rho, and for samples x = y + delta xi,
/// whatever their density, E[grad log rho . grad s] = -E[lap s] = -E[xi . grad s] / delta (Stein's identity): the
/// targets v + D xi / delta have the same minimiser, per coordinate. The entropic term of `stein` is the same with
/// -sigma^2/2 for D.
[[nodiscard]] std::vector<double> jitter_slope(const data::DatasetHeader& header, const models::Normalizer& normalizer,
                                               const TrainConfig& config, bool stored);

}  // namespace scorefield::training
