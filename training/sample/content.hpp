#pragma once

#include <cstdint>

#include "data/samples_file.hpp"
#include "models/targets/target.hpp"
#include "solvers/sampling/run.hpp"

namespace scorefield::training {

/// What a samples file says of a run: its cloud in the target's own coordinates and words where it has them (then also
/// as it was moved, /unconstrained), and how it came about. `seed`: of quantities that are drawn for each point.
[[nodiscard]] data::SamplesFile samples_content(const sampling::RunResult& result, const targets::Target& target,
                                                std::uint64_t seed);

}  // namespace scorefield::training
