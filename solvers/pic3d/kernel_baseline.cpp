#include "solvers/pic3d/kernel.inl"
#include "solvers/pic3d/kernel_sets.hpp"

namespace scorefield::pic3d {

constinit const KernelSet kBaselineKernels = make_kernel_set("baseline");

}  // namespace scorefield::pic3d
