#include "solvers/pic/kernel.inl"
#include "solvers/pic/kernel_sets.hpp"

namespace scorefield::pic {

constinit const KernelSet kAvx2Kernels = make_kernel_set("x86-64-v3");

}  // namespace scorefield::pic
