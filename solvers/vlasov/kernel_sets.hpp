#pragma once

#include "solvers/vlasov/kernel.hpp"

namespace scorefield::vlasov {

// One source file each, built for that instruction set (CMakeLists.txt).
extern const KernelSet kBaselineKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;

}  // namespace scorefield::vlasov
