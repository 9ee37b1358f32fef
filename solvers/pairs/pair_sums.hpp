#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "solvers/pairs/radial_kernel.hpp"

namespace scorefield::pairs {

/// Points z_j that act on others, with coefficients a_j and, where wanted, vectors s_j; packed once, used by many
/// passes.
template <class T>
class Sources {
 public:
  /// z: [m, d]; a: [m], null: all 1/m; s: [m, d] or null.
  Sources(const double* z, std::int64_t m, std::int64_t d, const double* a = nullptr, const double* s = nullptr);

  [[nodiscard]] std::int64_t size() const { return m_; }
  [[nodiscard]] std::int64_t dimension() const { return d_; }

 private:
  template <class U>
  friend class PairPass;

  std::int64_t m_, d_, blocks_;
  std::vector<double> origin_;  // subtracted from all coordinates: squared distances come from products at d > 3
  std::vector<T> memory_;
  T *z_transposed_, *z_, *norm_, *a_, *s_;
};

/// Sums over sources at n points x, all from one visit to each pair; what is null is not computed.
struct PairOutputs {
  double* value = nullptr;     ///< [n]    sum_j a_j k(x_i, z_j)
  double* gradient = nullptr;  ///< [n, d] sum_j a_j grad_x k(x_i, z_j)
  double* field = nullptr;     ///< [n, d] sum_j a_j k(x_i, z_j) s_j
};

/// What acts on what: sources z [m, d] with coefficients a [m] (null: all 1/m) and vectors s [m, d] (null: none) at
/// points x [n, d].
struct PairInputs {
  const double* x;
  std::int64_t n;
  const double* z;
  std::int64_t m, d;
  const double* a = nullptr;
  const double* s = nullptr;
};

/// One visit to all pairs, wherever it is computed: on the CPU (fused_pair_sums) or by LibTorch (device_pair_sums.hpp).
using PairSums = std::function<void(const RadialKernel& kernel, const PairInputs& in, const PairOutputs& out)>;

/// Fused, threaded passes over all pairs. Nothing of size n x m is ever stored: a tile of 48 x 256 pairs stays in the
/// second-level cache. Squared distances come from coordinates at d <= 3 and from blocked matrix products above. Every
/// x_i has its own sums, in the order of the sources: the result is the same for any number of threads. A pass that may
/// be given up (core/interrupt.hpp) throws Interrupted at a request.
/// T: float (relative error about 1e-6 of the largest |k|, and of coordinates / h) or double.
template <class T>
class PairPass {
 public:
  explicit PairPass(const RadialKernel& kernel) : kernel_(kernel) {}
  /// x: [n, d]
  void operator()(const double* x, std::int64_t n, const Sources<T>& sources, const PairOutputs& out) const;

 private:
  RadialKernel kernel_;
};

/// By a PairPass in float or double.
[[nodiscard]] PairSums fused_pair_sums(bool double_precision);

extern template class Sources<float>;
extern template class Sources<double>;
extern template class PairPass<float>;
extern template class PairPass<double>;

}  // namespace scorefield::pairs
