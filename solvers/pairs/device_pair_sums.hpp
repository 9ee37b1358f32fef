#pragma once

#include <torch/types.h>
#include <cstdint>

#include "solvers/pairs/pair_sums.hpp"

namespace scorefield::pairs {

/// The same sums in LibTorch operations on `device`: a block of query points at a time, so that at most kDevicePairs
/// pairs are in memory at once. Same precision as the fused sums, not the same bits.
[[nodiscard]] PairSums device_pair_sums(torch::Device device, bool double_precision);

constexpr std::int64_t kDevicePairs = std::int64_t{1} << 24;

/// The fused sums on the CPU, those above elsewhere.
[[nodiscard]] PairSums pair_sums_on(torch::Device device, bool double_precision);

}  // namespace scorefield::pairs
