#include "solvers/pic/kernel.hpp"

#include "solvers/pic/kernel_sets.hpp"

namespace scorefield::pic {

#ifdef SCOREFIELD_X86_KERNELS

int kernel_set_count() {
  static const int count = [] {
    if (!__builtin_cpu_supports("x86-64-v3")) return 1;
    return __builtin_cpu_supports("x86-64-v4") ? 3 : 2;
  }();
  return count;
}

const KernelSet& kernel_set(int index) {
  return index == 0 ? kBaselineKernels : index == 1 ? kAvx2Kernels : kAvx512Kernels;
}

#else

int kernel_set_count() { return 1; }

const KernelSet& kernel_set(int) { return kBaselineKernels; }

#endif

const KernelSet& best_kernels() { return kernel_set(kernel_set_count() - 1); }

}  // namespace scorefield::pic
