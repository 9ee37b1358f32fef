#include "solvers/mpm/transfer.hpp"

#include "core/processor.hpp"

namespace scorefield::mpm {

namespace portable {
const Transfers<float>* single_transfers();
const Transfers<double>* double_transfers();
}  // namespace portable
#ifdef SCOREFIELD_X86_KERNELS
namespace x86_64_v3 {
const Transfers<float>* single_transfers();
const Transfers<double>* double_transfers();
}  // namespace x86_64_v3
namespace x86_64_v4 {
const Transfers<float>* single_transfers();
const Transfers<double>* double_transfers();
}  // namespace x86_64_v4
#endif

template <>
const Transfers<float>& transfers<float>(int d) {
#ifdef SCOREFIELD_X86_KERNELS
  const int builds = usable_kernel_builds();
  if (builds > 1) return (builds == 2 ? x86_64_v3::single_transfers() : x86_64_v4::single_transfers())[d - 1];
#endif
  return portable::single_transfers()[d - 1];
}

template <>
const Transfers<double>& transfers<double>(int d) {
#ifdef SCOREFIELD_X86_KERNELS
  const int builds = usable_kernel_builds();
  if (builds > 1) return (builds == 2 ? x86_64_v3::double_transfers() : x86_64_v4::double_transfers())[d - 1];
#endif
  return portable::double_transfers()[d - 1];
}

}  // namespace scorefield::mpm
