#pragma once

#include <torch/types.h>
#include <cstdint>

#include "solvers/sph/neighbours.hpp"

namespace scorefield::sph {

/// The sums over candidates in LibTorch operations on `device`, blocks of particles at a time. Same precision as the
/// fused sums, not the same bits; deterministic, since every particle sums its own row.
[[nodiscard]] NeighbourSums device_neighbour_sums(torch::Device device);

/// Null on the CPU, whose sums are fused; those above elsewhere.
[[nodiscard]] NeighbourSums neighbour_sums_on(torch::Device device);

constexpr std::int64_t kDeviceNumbers = std::int64_t{1} << 24;  ///< most numbers of one array of a block

}  // namespace scorefield::sph
