#include "solvers/vlasov/kernel.hpp"

#include "core/processor.hpp"
#include "solvers/vlasov/kernel_sets.hpp"

namespace scorefield::vlasov {

int kernel_set_count() { return usable_kernel_builds(); }

const KernelSet& kernel_set([[maybe_unused]] int index) {
#ifdef SCOREFIELD_X86_KERNELS
  if (index > 0) return index == 1 ? kAvx2Kernels : kAvx512Kernels;
#endif
  return kBaselineKernels;
}

const KernelSet& best_kernels() { return kernel_set(kernel_set_count() - 1); }

}  // namespace scorefield::vlasov
