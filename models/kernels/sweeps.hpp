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
void potential_and_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                            std::int64_t groups, std::int64_t count, const T* x, T* potential, T* gradient);

/// Gradient of the objective of GroupTerms with respect to every array of the layers: six forward-equivalents of matrix
/// products, nine with one Hutchinson probe and 6 + 3 d with the exact Laplacian, no double backward (README.md;
/// arXiv 2410.12000, 2210.06662).
/// terms: [G]; count: points of each group. gradients: [L] arrays that the gradient is added to; those that the groups
/// share (stride 0) receive the sum over groups; null pointers are skipped. Returns the groups' sums.
/// The result does not depend on the number of threads.
template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                                          std::span<const GroupTerms> terms, std::int64_t count,
                                          const PointArrays<T>& points, std::span<const LayerArrays<T>> gradients);

/// c = a b, the sweeps' own product with nothing around it, on the calling thread: what the processor gives them at
/// best, for benchmarks. a: [rows, depth], b: [depth, columns], c: [rows, columns], row-major, 64-byte aligned.
/// @throws UsageError if rows is no multiple of kProductRows or columns none of kProductColumns
template <class T>
void multiply(std::int64_t rows, std::int64_t depth, std::int64_t columns, const T* a, const T* b, T* c);

}  // namespace scorefield::kernels
