#include "solvers/ift/nearest.hpp"

#include "core/processor.hpp"

namespace scorefield::ift {

namespace portable {
void nearest_squares(const float* x, std::int64_t n, std::int64_t d, const std::int64_t* of, std::int64_t count,
                     float* squares, float* memory);
}
#ifdef SCOREFIELD_X86_KERNELS
namespace x86_64_v3 {
void nearest_squares(const float* x, std::int64_t n, std::int64_t d, const std::int64_t* of, std::int64_t count,
                     float* squares, float* memory);
}
namespace x86_64_v4 {
void nearest_squares(const float* x, std::int64_t n, std::int64_t d, const std::int64_t* of, std::int64_t count,
                     float* squares, float* memory);
}
#endif

void nearest_squares(const float* x, std::int64_t n, std::int64_t d, const std::int64_t* of, std::int64_t count,
                     float* squares, float* memory) {
#ifdef SCOREFIELD_X86_KERNELS
  const int builds = usable_kernel_builds();
  if (builds > 1)
    return builds == 2 ? x86_64_v3::nearest_squares(x, n, d, of, count, squares, memory)
                       : x86_64_v4::nearest_squares(x, n, d, of, count, squares, memory);
#endif
  return portable::nearest_squares(x, n, d, of, count, squares, memory);
}

}  // namespace scorefield::ift
