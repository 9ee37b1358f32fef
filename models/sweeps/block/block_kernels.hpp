#pragma once

#include "models/sweeps/block/block_call.hpp"

namespace scorefield::kernels {

/// Runs all slots of a call on the CPU, a block's threads one after the other: slow, and what the device does. Scratch
/// memory is not needed. T: float or double.
template <class T>
void run_blocks_on_host(BlockCall<T> call);

/// How a call is spread over a CUDA device.
struct BlockPlan {
  int blocks = 0;             ///< that are in flight
  int shared_stacks = 0;      ///< stacks that fit into shared memory
  long shared_bytes = 0;      ///< of a block
  long scratch_elements = 0;  ///< of all blocks
};

/// The least number of ranges of each group that keeps the current device busy.
[[nodiscard]] long device_ranges(long groups, long points);

/// @throws Error when not even the operands fit into shared memory, or the device does not answer
template <class T>
[[nodiscard]] BlockPlan plan_blocks(const BlockCall<T>& call);

/// Runs a call whose scratch memory is that of the plan, on a CUDA stream (a cudaStream_t); does not wait. Can be
/// recorded in a graph.
template <class T>
void run_blocks_on_device(BlockCall<T> call, const BlockPlan& plan, void* stream);

/// Whether this build has the device's part (SCOREFIELD_CUDA).
[[nodiscard]] bool has_device_blocks();

}  // namespace scorefield::kernels
