// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "training/metrics/softmin.hpp"

#include "core/simd/vector.hpp"

namespace scorefield::metrics::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
constexpr int kWidth = kVectorBytes / 4;
static_assert(kRowPadding % kWidth == 0);
using Floats = Lanes<float, kWidth>;
using Integers = Lanes<std::int32_t, kWidth>;

SCOREFIELD_INLINE Floats floats(const float* from) { return load_unaligned<Floats>(from); }

/// 2^x for x <= 0; below 2^-126 the result is 2^-126.
SCOREFIELD_INLINE Floats exp2_nonpositive(Floats x) {
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

void softmin_rows(const SoftminRows& task) {
  const auto [cost, rows, stride, h, k, result] = task;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* row = cost + i * stride;
    Floats peaks = floats(h) - k * floats(row);
    for (std::int64_t j = kWidth; j < stride; j += kWidth) {
      const Floats t = floats(h + j) - k * floats(row + j);
      peaks = t > peaks ? t : peaks;
    }
    float peak = peaks[0];
    for (int lane = 1; lane < kWidth; ++lane) peak = peaks[lane] > peak ? peaks[lane] : peak;

    Floats sums{};
    for (std::int64_t j = 0; j < stride; j += kWidth)
      sums += exp2_nonpositive(floats(h + j) - k * floats(row + j) - peak);
    float sum = 0;
    for (int lane = 0; lane < kWidth; ++lane) sum += sums[lane];
    result[i] = peak + __builtin_log2f(sum);
  }
}

}  // namespace

constinit const SoftminKernels kSoftmin = {softmin_rows};

}  // namespace scorefield::metrics::SCOREFIELD_ISA
