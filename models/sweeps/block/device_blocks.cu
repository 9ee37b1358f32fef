#include <cuda_runtime.h>

#include <string>

#include "core/error.hpp"
#include "models/sweeps/block/block_kernels.hpp"
#include "models/sweeps/block/block_sweeps.hpp"

namespace scorefield::kernels {
namespace {

constexpr int kThreads = 256;

void check(cudaError_t status, const char* doing) {
  if (status != cudaSuccess)
    throw Error(std::string("CUDA refused ") + doing + " (" + cudaGetErrorString(status) +
                "). Train with --set training.engine=operations to use LibTorch's operations instead.");
}

int attribute(cudaDeviceAttr of) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "to name its device");
  check(cudaDeviceGetAttribute(&value, of, device), "a device attribute");
  return value;
}

template <class T>
__global__ void __launch_bounds__(kThreads) run_blocks(const __grid_constant__ BlockCall<T> call) {
  extern __shared__ __align__(32) unsigned char own[];
  DeviceBlock block;
  BlockWork<T> work = divide(call, static_cast<long>(blockIdx.x), reinterpret_cast<T*>(own));
  for (long slot = blockIdx.x; slot < call.slots(); slot += gridDim.x) run_slot(block, call, slot, work);
}

}  // namespace

bool has_device_blocks() { return true; }

long device_ranges(long groups, long points) {
  const long tiles = (points + kBlockPoints - 1) / kBlockPoints;
  const long wanted = (attribute(cudaDevAttrMultiProcessorCount) + groups - 1) / groups;
  return wanted < tiles ? wanted : tiles;
}

template <class T>
BlockPlan plan_blocks(const BlockCall<T>& call) {
  const long limit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  const long operands = operand_elements(call) * static_cast<long>(sizeof(T));
  const long stack = stack_elements(call) * static_cast<long>(sizeof(T));
  if (operands > limit)
    throw Error("a network of width " + std::to_string(call.width) + " with " + std::to_string(call.features) +
                " features does not fit into the device's shared memory. Train with --set training.engine=operations.");
  BlockPlan plan;
  const int stacks = stacks_of(call);
  while (plan.shared_stacks < stacks && operands + (plan.shared_stacks + 1) * stack <= limit) ++plan.shared_stacks;
  plan.shared_bytes = operands + plan.shared_stacks * stack;
  check(cudaFuncSetAttribute(run_blocks<T>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(plan.shared_bytes)),
        "the shared memory of a block");
  int resident = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, run_blocks<T>, kThreads,
                                                      static_cast<std::size_t>(plan.shared_bytes)),
        "a block of threads");
  const long in_flight = static_cast<long>(resident) * attribute(cudaDevAttrMultiProcessorCount);
  plan.blocks = static_cast<int>(in_flight < call.slots() ? in_flight : call.slots());
  plan.scratch_elements = plan.blocks * (stacks - plan.shared_stacks) * stack_elements(call);
  return plan;
}

template <class T>
void run_blocks_on_device(BlockCall<T> call, const BlockPlan& plan, void* stream) {
  call.shared_stacks = plan.shared_stacks;
  run_blocks<T>
      <<<plan.blocks, kThreads, static_cast<std::size_t>(plan.shared_bytes), static_cast<cudaStream_t>(stream)>>>(call);
  check(cudaGetLastError(), "the launch of a sweep");
}

template BlockPlan plan_blocks<float>(const BlockCall<float>&);
template BlockPlan plan_blocks<double>(const BlockCall<double>&);
template void run_blocks_on_device<float>(BlockCall<float>, const BlockPlan&, void*);
template void run_blocks_on_device<double>(BlockCall<double>, const BlockPlan&, void*);

}  // namespace scorefield::kernels
