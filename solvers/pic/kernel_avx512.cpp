#include "solvers/pic/kernel.inl"
#include "solvers/pic/kernel_sets.hpp"

namespace scorefield::pic {

constinit const KernelSet kAvx512Kernels = make_kernel_set("x86-64-v4");

}  // namespace scorefield::pic
