#include <vector>

#include "core/parallel.hpp"
#include "models/sweeps/block/block_kernels.hpp"
#include "models/sweeps/block/block_sweeps.hpp"

namespace scorefield::kernels {

template <class T>
void run_blocks_on_host(BlockCall<T> call) {
  call.shared_stacks = stacks_of(call);
  const auto elements = static_cast<std::size_t>(operand_elements(call) + call.shared_stacks * stack_elements(call));
  parallel_for(call.slots(), [&](std::int64_t slot) {
    std::vector<Four<T>> own(elements / 4);
    HostBlock block;
    BlockWork<T> work = divide(call, 0, own.front().v);
    run_slot(block, call, slot, work);
  });
}

template void run_blocks_on_host<float>(BlockCall<float>);
template void run_blocks_on_host<double>(BlockCall<double>);

}  // namespace scorefield::kernels
