// Builds without CUDA: the device's part of the block kernels is absent. device_blocks.cu takes this file's place with
// SCOREFIELD_CUDA.

#include "core/error.hpp"
#include "models/sweeps/block/block_kernels.hpp"

namespace scorefield::kernels {
namespace {

[[noreturn]] void refuse() {
  throw Error("this build has no kernels for CUDA devices: configure it with -DSCOREFIELD_CUDA=ON.");
}

}  // namespace

bool has_device_blocks() { return false; }

long device_ranges(long, long) { refuse(); }

template <class T>
BlockPlan plan_blocks(const BlockCall<T>&) {
  refuse();
}

template <class T>
void run_blocks_on_device(BlockCall<T>, const BlockPlan&, void*) {
  refuse();
}

template BlockPlan plan_blocks<float>(const BlockCall<float>&);
template BlockPlan plan_blocks<double>(const BlockCall<double>&);
template void run_blocks_on_device<float>(BlockCall<float>, const BlockPlan&, void*);
template void run_blocks_on_device<double>(BlockCall<double>, const BlockPlan&, void*);

}  // namespace scorefield::kernels
