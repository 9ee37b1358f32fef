// The memory of one block, and the tile of points that it works on.
#pragma once

#include "models/sweeps/block/block.hpp"
#include "models/sweeps/block/block_call.hpp"

namespace scorefield::kernels {

/// Activations of one tile, each row of kBlockStride points.
template <class T>
struct BlockWork {
  T* stack[kStacks];                         ///< [hidden, width] rows each; those not needed are null
  T* operand[4];                             ///< [max(width, f)] rows each: what products read and write in turn
  T *feature, *slope, *curvature, *tangent;  ///< [f] rows: features, two derivatives, and their tangent
  T *gradient, *direction;                   ///< [d] rows: v and what the tangent goes along
  T *ranks, *through;                        ///< [r] rows: right h, and left^T of an adjoint
  T* value;                                  ///< one row: the objective
};

/// How many of the stacks a call needs.
template <class T>
SCOREFIELD_BLOCK int stacks_of(const BlockCall<T>& call) {
  return call.laplacian ? kStacks : call.objective() ? kStackSquare : kStackAdjoint;
}

/// Elements of one stack.
template <class T>
SCOREFIELD_BLOCK long stack_elements(const BlockCall<T>& call) {
  return static_cast<long>(call.hidden) * call.width * kBlockStride;
}

/// Elements of a block's own memory beside the stacks.
template <class T>
SCOREFIELD_BLOCK long operand_elements(const BlockCall<T>& call) {
  const long widest = call.width > call.features ? call.width : call.features;
  return (4 * widest + 4L * call.features + 2L * call.dimension + 2L * call.max_rank + 1) * kBlockStride;
}

/// Divides `own`, a block's own memory (operand_elements and the first shared_stacks stacks), and the part of the
/// scratch memory that is the block's.
template <class T>
SCOREFIELD_BLOCK BlockWork<T> divide(const BlockCall<T>& call, long block, T* own) {
  BlockWork<T> work{};
  const auto take = [&own](long rows) {
    T* const at = own;
    own += rows * kBlockStride;
    return at;
  };
  const long widest = call.width > call.features ? call.width : call.features;
  for (T*& operand : work.operand) operand = take(widest);
  for (T** array : {&work.feature, &work.slope, &work.curvature, &work.tangent}) *array = take(call.features);
  for (T** array : {&work.gradient, &work.direction}) *array = take(call.dimension);
  for (T** array : {&work.ranks, &work.through}) *array = take(call.max_rank);
  work.value = take(1);
  const int stacks = stacks_of(call);
  const long elements = stack_elements(call);
  T* scratch = call.scratch + block * (stacks - call.shared_stacks) * elements;
  for (int k = 0; k < stacks; ++k) {
    T*& from = k < call.shared_stacks ? own : scratch;
    work.stack[k] = from;
    from += elements;
  }
  return work;
}

/// Up to kBlockPoints points of one group.
template <class T>
struct BlockTile {
  long group = 0, slot = 0;
  long first = 0;  ///< among all points
  int count = 0;
  T kinetic = 0, velocity = 0, time = 0, laplacian = 0, potential = 0, scale = 0;
};

}  // namespace scorefield::kernels
