#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/targets/coordinate_space.hpp"
#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A density p(x) whose coordinates have bounds, an order or names, as samplers move it: over u, where x = x(u), with
/// log p(x(u)) + log |dx/du|. user_cloud() gives x, log p(x) and the named variables.
///
/// The truth of the density without bounds is not that of the bounded one, so truth() is kept by names alone; draw()
/// rejects what lies outside, and knows nothing where that is nearly everything.
/// @throws UsageError for options that do not fit the target, or a target that is a set of samples
[[nodiscard]] std::shared_ptr<const Target> make_transformed(std::shared_ptr<const Target> target,
                                                             const SpaceOptions& options);

}  // namespace scorefield::targets
