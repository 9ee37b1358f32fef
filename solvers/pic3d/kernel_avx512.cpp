#include "solvers/pic3d/kernel.inl"
#include "solvers/pic3d/kernel_sets.hpp"

namespace scorefield::pic3d {

constinit const KernelSet kAvx512Kernels = make_kernel_set("x86-64-v4");

}  // namespace scorefield::pic3d
