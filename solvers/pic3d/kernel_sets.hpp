#pragma once

#include "solvers/pic3d/kernel.hpp"

namespace scorefield::pic3d {

// One source file each, built for that instruction set (CMakeLists.txt).
extern const KernelSet kBaselineKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;

}  // namespace scorefield::pic3d
