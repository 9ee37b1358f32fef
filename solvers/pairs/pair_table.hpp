#pragma once

#include "core/simd/kernel_table.hpp"

// Plain types only: shared by the sources that are compiled once per instruction set.

namespace scorefield::pairs {

constexpr long kRows = 48;      // query points of a task, a multiple of 6
constexpr long kColumns = 256;  // sources of a block, a multiple of 16
constexpr long kStrip = 64;     // sources side by side in z_transposed: what one pass of the matrix product takes
constexpr long kDirect = 3;     // up to this dimension distances come from coordinates
constexpr int kMaxTerms = 8;

/// phi as coefficients: scale is 1/2h^2 (Gaussian), 1/h^2 (inverse multiquadric) or e^2 (energy), weight sums to 1.
struct KernelTerms {
  int form;
  int count;
  double scale[kMaxTerms];  ///< ascending
  double weight[kMaxTerms];
  bool power[kMaxTerms];  ///< Gaussian: this term is the fourth power of the one before (half its bandwidth)
};

/// One block of query rows against all source blocks, on the calling thread. Rows of x, z and s are padded to `stride`
/// elements; block b of z_transposed holds [kColumns/kStrip, d, kStrip]
/// (strips, so that one stays in the first-level cache), of z and s [kColumns, stride], of norm and a [kColumns].
/// Padding sources have a = 0. Memory is aligned to 64 bytes.
template <class T>
struct PairTask {
  const T* x;  ///< [kRows, stride]
  const T* x_norm;
  long rows, d, stride, blocks;
  const T *z_transposed, *z, *norm, *a, *s;
  KernelTerms kernel;
  bool gradients;  ///< else values only
  double* value;   ///< [kRows]
  T* gradient;     ///< [kRows, stride]
  T* field;        ///< [kRows, stride], where there is s
  T* memory;       ///< task_elements()
};

constexpr long task_elements() { return 2 * kRows * kColumns + 2 * kRows * 16; }

template <class T>
using PairKernel = void (*)(const PairTask<T>&);

struct PairKernels {
  PairKernel<float> f32;
  PairKernel<double> f64;
};
SCOREFIELD_KERNEL_TABLE(PairKernels, kPairKernels);

}  // namespace scorefield::pairs
