#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::training {

/// Largest dimension in which ordering along a Hilbert curve is offered; beyond, neighbours mean little.
inline constexpr std::int64_t kMaxHilbertDimension = 16;

/// Permutation that orders points along a Hilbert curve through their bounding box, so that equal runs of the order
/// are compact cells with equally many points. x: [N, d] row-major, d <= kMaxHilbertDimension. Curve: J. Skilling,
/// Programming the Hilbert curve, AIP Conf. Proc. 707 (2004). Ties keep the order of the indices.
[[nodiscard]] std::vector<std::int64_t> hilbert_order(std::span<const float> x, std::int64_t dimension);

}  // namespace scorefield::training
