#include "core/processor.hpp"

namespace scorefield {

int usable_kernel_builds() {
#ifdef __x86_64__
  static const int count = [] {
    if (!__builtin_cpu_supports("x86-64-v3")) return 1;
    return __builtin_cpu_supports("x86-64-v4") ? 3 : 2;
  }();
  return count;
#else
  return 1;
#endif
}

}  // namespace scorefield
