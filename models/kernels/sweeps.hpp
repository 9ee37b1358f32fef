#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/kernels/network.hpp"

namespace scorefield::kernels {

/// Instruction set that the sweeps run with: "x86-64-v4", "x86-64-v3" or "portable". The best one that the processor
/// has; the environment variable SCOREFIELD_ISA chooses another. @throws UsageError if it is unknown or unavailable.
[[nodiscard]] const std::string& instruction_set();

/// Names of the sets that this processor can run, best first.
[[nodiscard]] std::vector<std::string> available_instruction_sets();

/// Chooses one of available_instruction_sets(); for tests and benchmarks.
void select_instruction_set(const std::string& name);

/// s and grad_x s at `count` points of each of `groups` groups. x: [G, count, d]; potential: [G, count] or null;
/// gradient: [G, count, d] or null. layers: [L]. Threads over groups and fixed ranges of points.
template <class T>
void potential_and_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers, std::int64_t groups,
                            std::int64_t count, const T* x, T* potential, T* gradient);

/// Gradient of the objective of GroupTerms with respect to every group's effective weights and their time derivatives:
/// six forward-equivalents of matrix products, no double backward (README.md; arXiv 2410.12000, Eq. for the
/// action-matching loss, 2210.06662).
/// x: [G, count, d]; velocity: [G, count, d] or null; terms: [G]. gradients: [L] arrays that receive (not add) each
/// group's gradient; its null pointers are skipped, its strides must not be 0. Returns the groups' sums.
/// The result does not depend on the number of threads.
template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                                          std::span<const GroupTerms> terms, std::int64_t count, const T* x,
                                          const T* velocity, std::span<const LayerArrays<T>> gradients);

}  // namespace scorefield::kernels
