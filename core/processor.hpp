#pragma once

namespace scorefield {

/// Kernels are built for up to three instruction sets, slowest first: the baseline, x86-64-v3 and x86-64-v4. How many
/// of them this processor runs: 1, 2 or 3; 1 on other architectures.
[[nodiscard]] int usable_kernel_builds();

}  // namespace scorefield
