#include "solvers/vlasov/kernel.inl"
#include "solvers/vlasov/kernel_sets.hpp"

namespace scorefield::vlasov {

constinit const KernelSet kAvx512Kernels = make_kernel_set("x86-64-v4");

}  // namespace scorefield::vlasov
