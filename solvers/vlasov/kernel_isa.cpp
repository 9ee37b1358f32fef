// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "solvers/vlasov/kernel.hpp"

#include "core/simd/vector.hpp"

namespace scorefield::vlasov::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
constexpr int kLanes = 8;  // partial sums, in this fixed order on every instruction set
using Eight = Lanes<double, kLanes>;

template <int Taps>
void shift_row(const double* __restrict padded, const double* weight, double* __restrict row, std::int64_t size) {
  double w[Taps];
  for (int m = 0; m < Taps; ++m) w[m] = weight[m];
  for (std::int64_t j = 0; j < size; ++j) {
    double sum = w[0] * padded[j];
    for (int m = 1; m < Taps; ++m) sum += w[m] * padded[j + m];
    row[j] = sum;
  }
}

template <int Taps>
void mix_rows(const double* const* rows, const double* __restrict weight, std::int64_t stride, double* __restrict out,
              std::int64_t begin, std::int64_t end) {
  const double* from[Taps];
  for (int m = 0; m < Taps; ++m) from[m] = rows[m];
  for (std::int64_t j = begin; j < end; ++j) {
    double sum = weight[j] * from[0][j];
    for (int m = 1; m < Taps; ++m) sum += weight[m * stride + j] * from[m][j];
    out[j] = sum;
  }
}

void shift_row_any(const double* padded, const double* weight, int taps, double* row, std::int64_t size) {
  switch (taps) {
    case 4:
      return shift_row<4>(padded, weight, row, size);
    case 6:
      return shift_row<6>(padded, weight, row, size);
    case 8:
      return shift_row<8>(padded, weight, row, size);
    case 10:
      return shift_row<10>(padded, weight, row, size);
    case 12:
      return shift_row<12>(padded, weight, row, size);
    default:
      return shift_row<14>(padded, weight, row, size);
  }
}

void mix_rows_any(const Mixture& mixture, double* out, std::int64_t begin, std::int64_t end) {
  const auto [rows, weight, stride, taps] = mixture;
  switch (taps) {
    case 4:
      return mix_rows<4>(rows, weight, stride, out, begin, end);
    case 6:
      return mix_rows<6>(rows, weight, stride, out, begin, end);
    case 8:
      return mix_rows<8>(rows, weight, stride, out, begin, end);
    default:
      return mix_rows<10>(rows, weight, stride, out, begin, end);
  }
}

void sum_row(const double* row, const double* velocity, std::int64_t size, RowSums* sums) {
  Eight f0 = {}, f1 = {}, f2 = {}, ff = {}, negative = {}, lowest = {};
  for (std::int64_t j = 0; j < size; j += kLanes) {
    const auto f = load_unaligned<Eight>(row + j), v = load_unaligned<Eight>(velocity + j);
    const Eight fv = f * v, below = f < 0 ? f : Eight{};
    f0 += f;
    f1 += fv;
    f2 += fv * v;
    ff += f * f;
    negative += below;
    lowest = below < lowest ? below : lowest;
  }
  *sums = {};
  for (int lane = 0; lane < kLanes; ++lane) {
    sums->f += f0[lane];
    sums->fv += f1[lane];
    sums->fvv += f2[lane];
    sums->ff += ff[lane];
    sums->negative += negative[lane];
    sums->lowest = lowest[lane] < sums->lowest ? lowest[lane] : sums->lowest;
  }
}

}  // namespace

constinit const Kernels kKernels = {shift_row_any, mix_rows_any, sum_row};

}  // namespace scorefield::vlasov::SCOREFIELD_ISA
