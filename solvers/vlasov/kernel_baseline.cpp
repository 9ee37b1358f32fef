#include "solvers/vlasov/kernel.inl"
#include "solvers/vlasov/kernel_sets.hpp"

namespace scorefield::vlasov {

constinit const KernelSet kBaselineKernels = make_kernel_set("baseline");

}  // namespace scorefield::vlasov
