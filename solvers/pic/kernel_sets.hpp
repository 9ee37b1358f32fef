#pragma once

#include "solvers/pic/kernel.hpp"

namespace scorefield::pic {

// One source file each, built for that instruction set (CMakeLists.txt).
extern const KernelSet kBaselineKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;

}  // namespace scorefield::pic
