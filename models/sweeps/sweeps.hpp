#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/sweeps/layer.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::kernels {

/// s and grad_x s at the points of all groups, where `points` has arrays for them. Threads over groups and fixed ranges
/// of points.
template <class T>
void potential_and_gradient(const NetworkShape& shape, const LayerWeights<GroupArray<const T>>& weights,
                            const PointArrays<T>& points);

/// Gradient of the objective of GroupTerms with respect to every array of the layers: six forward-equivalents of matrix
/// products, nine with one Hutchinson probe and 6 + 3 d with the exact Laplacian, no double backward (README.md;
/// arXiv 2410.12000, 2210.06662).
/// terms: [G]. gradients: arrays like those of the weights, which the gradient is added to; those that the groups share
/// (stride 0) receive the sum over groups; null pointers are skipped. Returns the groups' sums.
/// The result does not depend on the number of threads.
template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, const LayerWeights<GroupArray<const T>>& weights,
                                          std::span<const GroupTerms> terms, const PointArrays<T>& points,
                                          const LayerWeights<GroupArray<T>>& gradients);

/// c = a b, the sweeps' own product with nothing around it, on the calling thread: what the processor gives them at
/// best, for benchmarks. a: [rows, depth], b: [depth, columns], c: [rows, columns], row-major, 64-byte aligned.
/// @throws UsageError if rows is no multiple of kProductRows or columns none of kProductColumns
template <class T>
void multiply(std::int64_t rows, std::int64_t depth, std::int64_t columns, const T* a, const T* b, T* c);

}  // namespace scorefield::kernels
