#include "training/metrics/softmin.hpp"

#include <cmath>
#include <initializer_list>

#include "core/processor.hpp"

// Vectors of the compiler: one body, instantiated at the register width of each instruction set. The body has no
// target attribute of its own and is always inlined, so it takes that of the function it is inlined into.
#define SCOREFIELD_INLINE [[gnu::always_inline]] static inline

namespace scorefield::metrics {
namespace {

template <int kWidth>
struct Lanes {
  typedef float Floats __attribute__((vector_size(4 * kWidth)));
  typedef std::int32_t Integers __attribute__((vector_size(4 * kWidth)));
  typedef float Unaligned __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
};

template <int kWidth>
SCOREFIELD_INLINE typename Lanes<kWidth>::Floats load(const float* p) {
  return *reinterpret_cast<const typename Lanes<kWidth>::Unaligned*>(p);
}

/// 2^x for x <= 0; below 2^-126 the result is 2^-126.
template <int kWidth>
SCOREFIELD_INLINE typename Lanes<kWidth>::Floats exp2_nonpositive(typename Lanes<kWidth>::Floats x) {
  using Floats = typename Lanes<kWidth>::Floats;
  using Integers = typename Lanes<kWidth>::Integers;
  const Floats lowest = Floats{} - 126.0f;
  x = x > lowest ? x : lowest;
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the mantissa.
  const Floats shifted = x + 12582912.0f;
  const Integers whole = reinterpret_cast<Integers>(shifted) - 0x4B400000;
  const Floats r = x - (shifted - 12582912.0f);
  // Taylor series of 2^r, |r| <= 1/2, coefficients ln(2)^k / k!; remainder 1.2e-7.
  Floats p = r * 1.5403530e-4f + 1.3333558e-3f;
  p = p * r + 9.6181291e-3f;
  p = p * r + 5.5504109e-2f;
  p = p * r + 2.4022651e-1f;
  p = p * r + 6.9314718e-1f;
  p = p * r + 1.0f;
  return reinterpret_cast<Floats>(reinterpret_cast<Integers>(p) + (whole << 23));
}

template <int kWidth>
SCOREFIELD_INLINE void softmin_body(const float* cost, std::int64_t rows, std::int64_t stride, const float* h, float k,
                                    float* result) {
  using Floats = typename Lanes<kWidth>::Floats;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* row = cost + i * stride;
    Floats peaks = load<kWidth>(h) - k * load<kWidth>(row);
    for (std::int64_t j = kWidth; j < stride; j += kWidth) {
      const Floats t = load<kWidth>(h + j) - k * load<kWidth>(row + j);
      peaks = t > peaks ? t : peaks;
    }
    float peak = peaks[0];
    for (int lane = 1; lane < kWidth; ++lane) peak = peaks[lane] > peak ? peaks[lane] : peak;

    Floats sums{};
    for (std::int64_t j = 0; j < stride; j += kWidth) {
      sums += exp2_nonpositive<kWidth>(load<kWidth>(h + j) - k * load<kWidth>(row + j) - peak);
    }
    float sum = 0;
    for (int lane = 0; lane < kWidth; ++lane) sum += sums[lane];
    result[i] = peak + log2f(sum);
  }
}

void softmin_baseline(const float* cost, std::int64_t rows, std::int64_t stride, const float* h, float k,
                      float* result) {
  softmin_body<4>(cost, rows, stride, h, k, result);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void softmin_avx2(const float* cost, std::int64_t rows, std::int64_t stride, const float* h,
                                              float k, float* result) {
  softmin_body<8>(cost, rows, stride, h, k, result);
}

[[gnu::target("avx512f,avx512dq,avx512vl,avx512bw")]] void softmin_avx512(const float* cost, std::int64_t rows,
                                                                          std::int64_t stride, const float* h, float k,
                                                                          float* result) {
  softmin_body<16>(cost, rows, stride, h, k, result);
}
#endif

}  // namespace

bool supported(InstructionSet set) {
  if (set == InstructionSet::baseline) return true;
  return usable_kernel_builds() >= (set == InstructionSet::avx2 ? 2 : 3);
}

InstructionSet best_instruction_set() {
  for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2})
    if (supported(set)) return set;
  return InstructionSet::baseline;
}

void softmin_rows(const float* cost, std::int64_t rows, std::int64_t stride, const float* h, float k, float* result,
                  InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return softmin_avx512(cost, rows, stride, h, k, result);
  if (set == InstructionSet::avx2) return softmin_avx2(cost, rows, stride, h, k, result);
#endif
  (void)set;
  softmin_baseline(cost, rows, stride, h, k, result);
}

}  // namespace scorefield::metrics
