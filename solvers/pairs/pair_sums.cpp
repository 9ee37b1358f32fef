#include "solvers/pairs/pair_sums.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "core/require.hpp"
#include "solvers/pairs/pair_table.hpp"

namespace scorefield::pairs {
namespace {

template <class T>
PairKernel<T> choose() {
  if constexpr (std::is_same_v<T, float>) return kPairKernels.chosen().f32;
  else return kPairKernels.chosen().f64;
}

std::int64_t padded(std::int64_t d) { return (d + 15) / 16 * 16; }

KernelTerms terms_of(const RadialKernel& kernel) {
  const auto count = kernel.bandwidths.size();
  require(count >= 1 && count <= kMaxBandwidths, "number of bandwidths", count, "1 to 8");
  KernelTerms terms{static_cast<int>(kernel.form), static_cast<int>(count), {}, {}, {}};
  for (std::size_t b = 0; b < count; ++b) {
    const double h = kernel.bandwidths[b];
    require("the kernel's bandwidth", h, above(0));
    terms.scale[b] = kernel.form == Form::gaussian ? 0.5 / (h * h)
                     : kernel.form == Form::imq    ? 1 / (h * h)
                                                   : 1e-4 * h * h;
    terms.weight[b] = 1.0 / static_cast<double>(count);
  }
  std::sort(terms.scale, terms.scale + count);
  // A power costs two products instead of an exponential. Two in a row at most: each makes the rounding error four
  // times larger.
  for (std::size_t b = 1, in_a_row = 0; b < count; ++b) {
    terms.power[b] = in_a_row < 2 && terms.scale[b] == 4 * terms.scale[b - 1];
    in_a_row = terms.power[b] ? in_a_row + 1 : 0;
  }
  return terms;
}

/// Memory of one thread, aligned, reused by every task.
template <class T>
T* scratch(std::size_t elements) {
  thread_local std::vector<T> memory;
  if (memory.size() < elements + 16) memory.assign(elements + 16, T(0));
  void* start = memory.data();
  std::size_t space = memory.size() * sizeof(T);
  return static_cast<T*>(std::align(64, elements * sizeof(T), start, space));
}

}  // namespace

template <class T>
Sources<T>::Sources(const double* z, std::int64_t m, std::int64_t d, const double* a, const double* s)
    : m_(m), d_(d), blocks_((m + kColumns - 1) / kColumns), origin_(static_cast<std::size_t>(d), 0.0) {
  const std::int64_t stride = padded(d), columns = blocks_ * kColumns;
  if (d > kDirect) {
    for (std::int64_t j = 0; j < m; ++j)
      for (std::int64_t c = 0; c < d; ++c) origin_[static_cast<std::size_t>(c)] += z[j * d + c];
    for (double& mean : origin_) mean /= static_cast<double>(m);
  }
  memory_.assign(static_cast<std::size_t>(columns * (d + 2 + (s ? 2 : 1) * stride) + 16), T(0));
  void* start = memory_.data();
  std::size_t space = memory_.size() * sizeof(T);
  z_transposed_ = static_cast<T*>(std::align(64, 1, start, space));
  norm_ = z_transposed_ + columns * d;
  a_ = norm_ + columns;
  z_ = a_ + columns;
  s_ = s ? z_ + columns * stride : nullptr;
  parallel_for(blocks_, [&](std::int64_t block) {
    for (std::int64_t j = block * kColumns; j < std::min(m, (block + 1) * kColumns); ++j) {
      double square = 0;
      for (std::int64_t c = 0; c < d; ++c) {
        const T value = static_cast<T>(z[j * d + c] - origin_[static_cast<std::size_t>(c)]);
        z_transposed_[(j / kStrip * d + c) * kStrip + j % kStrip] = z_[j * stride + c] = value;
        square += static_cast<double>(value) * static_cast<double>(value);
        if (s) s_[j * stride + c] = static_cast<T>(s[j * d + c]);
      }
      norm_[j] = static_cast<T>(square);
      a_[j] = static_cast<T>(a ? a[j] : 1.0 / static_cast<double>(m));
    }
  });
}

template <class T>
void PairPass<T>::operator()(const double* x, std::int64_t n, const Sources<T>& sources, const PairOutputs& out) const {
  const std::int64_t d = sources.d_, stride = padded(d);
  const KernelTerms terms = terms_of(kernel_);
  const PairKernel<T> kernel = choose<T>();
  parallel_for((n + kRows - 1) / kRows, [&](std::int64_t block) {
    if (abandon_requested()) throw Interrupted("interrupted.");
    const std::int64_t first = block * kRows, rows = std::min<std::int64_t>(kRows, n - first);
    T* memory = scratch<T>(static_cast<std::size_t>(3 * kRows * stride + kRows + 16 + task_elements()));
    T *points = memory, *gradient = points + kRows * stride, *field = gradient + kRows * stride,
      *norms = field + kRows * stride;
    std::memset(points, 0, static_cast<std::size_t>(kRows * stride) * sizeof(T));
    std::fill_n(norms, kRows, T(0));
    for (std::int64_t i = 0; i < rows; ++i) {
      double square = 0;
      for (std::int64_t c = 0; c < d; ++c) {
        const T value = static_cast<T>(x[(first + i) * d + c] - sources.origin_[static_cast<std::size_t>(c)]);
        points[i * stride + c] = value;
        square += static_cast<double>(value) * static_cast<double>(value);
      }
      norms[i] = static_cast<T>(square);
    }
    double values[kRows];
    const PairTask<T> task{points,
                           norms,
                           rows,
                           d,
                           stride,
                           sources.blocks_,
                           sources.z_transposed_,
                           sources.z_,
                           sources.norm_,
                           sources.a_,
                           out.field ? sources.s_ : nullptr,
                           terms,
                           out.gradient != nullptr,
                           values,
                           gradient,
                           field,
                           norms + kRows + 16};
    kernel(task);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (out.value) out.value[first + i] = values[i];
      for (std::int64_t c = 0; c < d; ++c) {
        if (out.gradient) out.gradient[(first + i) * d + c] = static_cast<double>(gradient[i * stride + c]);
        if (out.field) out.field[(first + i) * d + c] = static_cast<double>(field[i * stride + c]);
      }
    }
  });
}

PairSums fused_pair_sums(bool double_precision) {
  const auto pass = []<class T>(T) -> PairSums {
    return [](const RadialKernel& kernel, const PairInputs& in, const PairOutputs& out) {
      PairPass<T>{kernel}(in.x, in.n, Sources<T>(in.z, in.m, in.d, in.a, in.s), out);
    };
  };
  return double_precision ? pass(0.0) : pass(0.0f);
}

template class Sources<float>;
template class Sources<double>;
template class PairPass<float>;
template class PairPass<double>;

}  // namespace scorefield::pairs
