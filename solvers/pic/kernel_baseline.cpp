#include "solvers/pic/kernel.inl"
#include "solvers/pic/kernel_sets.hpp"

namespace scorefield::pic {

constinit const KernelSet kBaselineKernels = make_kernel_set("baseline");

}  // namespace scorefield::pic
