// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "core/simd/math.hpp"
#include "core/simd/product.hpp"
#include "solvers/pairs/pair_table.hpp"

namespace scorefield::pairs::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;

/// phi(r^2) and slope = 2 phi'(r^2), so that grad_x k = slope (x - z).
template <class T>
struct Pair {
  Vec<T> value, slope;
};

template <class T, bool single>
struct Gaussian {
  T scale[kMaxTerms], weight[kMaxTerms], steep[kMaxTerms];
  bool power[kMaxTerms];
  long terms;
  SCOREFIELD_INLINE explicit Gaussian(const KernelTerms& k) : terms(k.count) {
    for (int b = 0; b < k.count; ++b) {
      power[b] = k.power[b];
      scale[b] = static_cast<T>(-k.scale[b]);
      weight[b] = static_cast<T>(k.weight[b]);
      steep[b] = static_cast<T>(-2 * k.scale[b] * k.weight[b]);
    }
  }
  SCOREFIELD_INLINE Pair<T> operator()(Vec<T> square) const {
    Pair<T> sum{};
    Vec<T> e{};
    for (long b = 0; b < (single ? 1 : terms); ++b) {
      if (!single && power[b]) {
        e *= e;
        e *= e;
      } else {
        e = exponential(square * scale[b]);
      }
      sum.value += weight[b] * e;
      sum.slope += steep[b] * e;
    }
    return sum;
  }
};

template <class T>
struct Multiquadric {
  T scale[kMaxTerms], weight[kMaxTerms], steep[kMaxTerms];
  long terms;
  SCOREFIELD_INLINE explicit Multiquadric(const KernelTerms& k) : terms(k.count) {
    for (int b = 0; b < k.count; ++b) {
      scale[b] = static_cast<T>(k.scale[b]);
      weight[b] = static_cast<T>(k.weight[b]);
      steep[b] = static_cast<T>(-k.scale[b] * k.weight[b]);
    }
  }
  SCOREFIELD_INLINE Pair<T> operator()(Vec<T> square) const {
    Pair<T> sum{};
    for (long b = 0; b < terms; ++b) {
      const Vec<T> inverse = reciprocal(square_root(square * scale[b] + T(1)));
      sum.value += weight[b] * inverse;
      sum.slope += steep[b] * inverse * inverse * inverse;
    }
    return sum;
  }
};

template <class T>
struct Energy {
  T smoothing;
  SCOREFIELD_INLINE explicit Energy(const KernelTerms& k) : smoothing(static_cast<T>(k.scale[0])) {}
  SCOREFIELD_INLINE Pair<T> operator()(Vec<T> square) const {
    const Vec<T> radius = square_root(square + smoothing);
    return {-radius, -reciprocal(radius)};
  }
};

/// Distances from coordinates, D <= 3; everything stays in registers.
template <class T, int D, class Kernel>
void direct(const PairTask<T>& task, const Kernel& kernel) {
  constexpr long lanes = Simd<T>::lanes;
  for (long i = 0; i < task.rows; ++i) {
    Vec<T> x[D];
    double gradient[D] = {}, field[D] = {};
    for (int c = 0; c < D; ++c) x[c] = broadcast<T>(task.x[i * task.stride + c]);
    double value = 0;
    for (long b = 0; b < task.blocks; ++b) {
      const T* z = task.z_transposed + b * task.d * kColumns;
      const T* a = task.a + b * kColumns;
      const T* s = task.s ? task.s + b * kColumns * task.stride : nullptr;
      Vec<T> sum{}, along[D] = {};
      for (long j = 0; j < kColumns; j += lanes) {
        Vec<T> difference[D], square{};
        for (int c = 0; c < D; ++c) {
          difference[c] = x[c] - load<T>(z + (j / kStrip * D + c) * kStrip + j % kStrip);
          square += difference[c] * difference[c];
        }
        const Pair<T> pair = kernel(square);
        const Vec<T> weight = load<T>(a + j), value_here = weight * pair.value, slope = weight * pair.slope;
        sum += value_here;
        for (int c = 0; c < D; ++c) along[c] += slope * difference[c];
        if (s)
          for (long lane = 0; lane < lanes; ++lane)
            for (int c = 0; c < D; ++c)
              field[c] += static_cast<double>(value_here[lane]) * static_cast<double>(s[(j + lane) * task.stride + c]);
      }
      value += static_cast<double>(lane_sum<T>(sum));
      for (int c = 0; c < D; ++c) gradient[c] += static_cast<double>(lane_sum<T>(along[c]));
    }
    task.value[i] = value;
    for (int c = 0; c < D; ++c) {
      if (task.gradients) task.gradient[i * task.stride + c] = static_cast<T>(gradient[c]);
      if (task.s != nullptr) task.field[i * task.stride + c] = static_cast<T>(field[c]);
    }
  }
}

/// sums [rows, d] += coefficients [rows, kColumns] vectors [kColumns, d]
template <class T>
__attribute__((noinline)) void add_product(const PairTask<T>& task, const T* coefficients, const T* vectors, T* sums) {
  const long stride = task.stride;
  const Term<T> term{coefficients, kColumns, 1, vectors, stride, kColumns};
  product<T>(&term, 1, task.rows, task.d, start_from(sums, stride), write_to(sums, stride));
}

/// Distances from matrix products: |x|^2 + |z|^2 - 2 x.z; the sums over sources are products, too.
template <class T, class Kernel>
void blocked(const PairTask<T>& task, const Kernel& kernel) {
  constexpr long lanes = Simd<T>::lanes;
  const long stride = task.stride;
  T* slopes = task.memory;
  T* values = slopes + kRows * kColumns;
  T* value_sums = values + kRows * kColumns;
  T* slope_sums = value_sums + kRows * 16;
  double slope_total[kRows] = {};
  for (long i = 0; i < kRows; ++i) task.value[i] = 0;
  const bool with_field = task.s != nullptr;
  if (task.gradients)
    for (long i = 0; i < kRows * stride; ++i) task.gradient[i] = 0;
  if (with_field)
    for (long i = 0; i < kRows * stride; ++i) task.field[i] = 0;
  for (long b = 0; b < task.blocks; ++b) {
    const T* a = task.a + b * kColumns;
    const T* norm = task.norm + b * kColumns;
    for (long i = 0; i < 2 * kRows * 16; ++i) value_sums[i] = 0;
    const auto pairs_of = [&](long i, long j, Vec<T> dot) {
      Vec<T> square = (load<T>(norm + j) + task.x_norm[i]) - T(2) * dot;
      square = square < T(0) ? Vec<T>{} : square;
      const Pair<T> pair = kernel(square);
      const Vec<T> weight = load<T>(a + j), value = weight * pair.value, slope = weight * pair.slope;
      store<T>(value_sums + i * 16, load<T>(value_sums + i * 16) + value);
      store<T>(slope_sums + i * 16, load<T>(slope_sums + i * 16) + slope);
      store<T>(slopes + i * kColumns + j, slope);
      if (with_field) store<T>(values + i * kColumns + j, value);
    };
    for (long j = 0; j < kColumns; j += kBlockVectors * lanes) {
      const T* strip = task.z_transposed + (b * kColumns + j / kStrip * kStrip) * task.d;
      const Term<T> dots{task.x, stride, 1, strip, kStrip, task.d};
      const long at = j / kStrip * kStrip;
      for (long i = 0; i < task.rows; i += kBlockRows)
        product_block<T, kBlockVectors>(
            &dots, 1, i, j - at, [](long, long) { return Vec<T>{}; },
            [&](long row, long column, Vec<T> dot) { pairs_of(row, at + column, dot); });
    }
    for (long i = 0; i < task.rows; ++i) {
      T value = 0, slope = 0;
      for (long lane = 0; lane < lanes; ++lane) {
        value += value_sums[i * 16 + lane];
        slope += slope_sums[i * 16 + lane];
      }
      task.value[i] += static_cast<double>(value);
      slope_total[i] += static_cast<double>(slope);
    }
    if (task.gradients) add_product<T>(task, slopes, task.z + b * kColumns * stride, task.gradient);
    if (with_field) add_product<T>(task, values, task.s + b * kColumns * stride, task.field);
  }
  if (!task.gradients) return;
  for (long i = 0; i < task.rows; ++i)
    for (long c = 0; c < task.d; ++c) {
      T& gradient = task.gradient[i * stride + c];
      gradient =
          static_cast<T>(slope_total[i] * static_cast<double>(task.x[i * stride + c]) - static_cast<double>(gradient));
    }
}

template <class T, class Kernel>
void run_with(const PairTask<T>& task, const Kernel& kernel) {
  switch (task.d) {
    case 1:
      return direct<T, 1>(task, kernel);
    case 2:
      return direct<T, 2>(task, kernel);
    case 3:
      return direct<T, 3>(task, kernel);
    default:
      return blocked<T>(task, kernel);
  }
}

template <class T>
void run(const PairTask<T>& task) {
  switch (task.kernel.form) {
    case 0:
      return task.kernel.count == 1 ? run_with<T>(task, Gaussian<T, true>(task.kernel))
                                    : run_with<T>(task, Gaussian<T, false>(task.kernel));
    case 1:
      return run_with<T>(task, Multiquadric<T>(task.kernel));
    default:
      return run_with<T>(task, Energy<T>(task.kernel));
  }
}

}  // namespace

constinit const PairKernels kPairKernels = {run<float>, run<double>};

}  // namespace scorefield::pairs::SCOREFIELD_ISA
