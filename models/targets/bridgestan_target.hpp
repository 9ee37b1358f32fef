#pragma once

#include <cstdint>
#include <memory>

#include "models/targets/bridgestan_model.hpp"
#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A Stan model in a library with BridgeStan's C interface. Samplers move its unconstrained parameters, log p with the
/// Jacobian of the constraints, as Stan's lp__, with all constants where the library can; user_cloud() gives the
/// constrained parameters, transformed parameters and generated quantities. Points where the model throws count as
/// outside of its support: log p = -inf.
/// @param seed of what the model draws for its transformed data
/// @throws FileError when the model refuses its data, has no parameters, or log p is finite at none of 100 points drawn
/// from [-2, 2] as Stan draws its starts
[[nodiscard]] std::shared_ptr<const Target> open_bridgestan_target(const SharedLibrary& library, const StanData& data,
                                                                   std::uint64_t seed);

}  // namespace scorefield::targets
