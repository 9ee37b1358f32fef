// Products of small matrices by a block of threads. Activations are [rows, kBlockStride]: a row per feature, a column
// per point.
#pragma once

#include "models/sweeps/block/block.hpp"

namespace scorefield::kernels {

/// scale sum_k weights[k, m] x[k, p]: weights [depth, rows].
template <class T>
struct BlockTerm {
  const T* weights = nullptr;
  const T* x = nullptr;
  int depth = 0;
};

/// Calls result(m, p, sum) for all m < rows and points p, with the sum of the terms. Every thread sums two rows of four
/// points at a time.
template <class T, class Block, int terms, class F>
SCOREFIELD_BLOCK void block_product(Block& block, const BlockTerm<T> (&term)[terms], int used, int rows, F&& result) {
  constexpr int kAcross = kBlockPoints / 4;
  block.each((rows + 1) / 2 * kAcross, [&](int i) {
    const int m = i / kAcross * 2, p = i % kAcross * 4;
    const int next = m + 1 < rows ? 1 : 0;
    T sum[2][4] = {};
    for (int t = 0; t < used; ++t) {
      const T* w = term[t].weights + m;
      const T* x = term[t].x + p;
#if defined(__CUDACC__)
#pragma unroll 4
#endif
      for (int k = 0; k < term[t].depth; ++k, w += rows, x += kBlockStride) {
        const Four<T> at = four(x);
        const T first = w[0], second = w[next];
        for (int j = 0; j < 4; ++j) {
          sum[0][j] += first * at.v[j];
          sum[1][j] += second * at.v[j];
        }
      }
    }
    for (int j = 0; j < 4; ++j) result(m, p + j, sum[0][j]);
    if (next)
      for (int j = 0; j < 4; ++j) result(m + 1, p + j, sum[1][j]);
  });
}

/// a [rows, stride] and b [columns, stride], of which sums over points of products are taken.
template <class T>
struct BlockPair {
  const T* a = nullptr;
  const T* b = nullptr;
};

/// Rows and columns of a gradient.
struct BlockSize {
  int rows, columns;
};

/// target[i, j] += scale sum over pairs and points of a[i, p] b[j, p]. Every thread sums 4 x 4 elements that are a
/// quarter of the rows and columns apart.
template <class T, class Block, int pairs>
SCOREFIELD_BLOCK void add_block_outer(Block& block, const BlockPair<T> (&pair)[pairs], int used, BlockSize size,
                                      T scale, T* target) {
  const int rows = size.rows, columns = size.columns;
  const int down = (rows + 3) / 4, across = (columns + 3) / 4;
  block.each(down * across, [&](int i) {
    const int row = i / across, column = i % across;
    T sum[4][4] = {};
    for (int t = 0; t < used; ++t)
      for (int p = 0; p < kBlockPoints; p += 4) {
        Four<T> a[4], b[4];
        for (int r = 0; r < 4; ++r) {
          const int at = row + r * down;
          a[r] = four(pair[t].a + (at < rows ? at : 0) * kBlockStride + p);
        }
        for (int c = 0; c < 4; ++c) {
          const int at = column + c * across;
          b[c] = four(pair[t].b + (at < columns ? at : 0) * kBlockStride + p);
        }
        for (int r = 0; r < 4; ++r)
          for (int c = 0; c < 4; ++c)
            for (int j = 0; j < 4; ++j) sum[r][c] += a[r].v[j] * b[c].v[j];
      }
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 4; ++c) {
        const int at = row + r * down, beside = column + c * across;
        if (at < rows && beside < columns) target[at * columns + beside] += scale * sum[r][c];
      }
  });
}

/// sum over points of a row.
template <class T>
SCOREFIELD_BLOCK T sum_of_row(const T* row) {
  T sum = 0;
  for (int p = 0; p < kBlockPoints; ++p) sum += row[p];
  return sum;
}

}  // namespace scorefield::kernels
