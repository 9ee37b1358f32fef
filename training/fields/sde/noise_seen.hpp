#pragma once

#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace scorefield::training {

/// The coordinates that noise drives, of particles that are followed: along them velocities over twice the step jump
/// less from one step to the next than over the step itself (noise: E[jump^2] ~ 1/h; a smooth path, also one that noise
/// accelerates: it grows with h), and a step is short beside the spread of the particles, which it is not where rows
/// are of another particle at every time. Empty where there is none, or fewer than five times.
[[nodiscard]] std::vector<std::string> noise_seen(const data::DatasetReader& reader);

}  // namespace scorefield::training
