#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "solvers/ift/flow.hpp"

namespace scorefield::ift {

/// log p [n] (untouched where there is none) and its gradient [n, d] at x [n, d].
using DensityAt =
    std::function<void(const std::vector<double>& x, std::vector<double>& log_density, std::vector<double>& score)>;

/// The flow of the regularised divergence F = sum_i w_i (log rho_i - log p_i), rho = sum_j w_j k(., x_j) / norm (blob
/// method, arXiv 1711.01517): with b_j = w_j / rho_j,
///   velocity  score_i - grad rho_i / rho_i - sum_j b_j grad k_ij
///   weights   w *= exp(-rate (F'_i - mean F')), F'_i = log rho_i + sum_j b_j k_ij - log p_i; splits as in Flow.
/// k is Gaussian; its bandwidth follows the cloud, median distance / sqrt(2 d) * n^(-1/(d + 4)), unless given. The
/// price of the kernel: a Gaussian of variance v ends at v (1 + sqrt(1 + 4 h^2/v))/2 - h^2, about v - h^4/v.
class KlFlow {
 public:
  /// with_weights: needs log p. pair_sums: null: the fused ones in double precision.
  KlFlow(const FlowOptions& options, Cloud start, bool with_weights, std::uint64_t seed,
         pairs::PairSums pair_sums = nullptr);
  void step(const DensityAt& density);

  /// loss is F (KL up to log of p's normalisation), power and limit are unused.
  Flow::State state;
  [[nodiscard]] double bandwidth() const { return h_; }

 private:
  FlowOptions options_;
  bool with_weights_;
  double h_ = 1;
  std::uint64_t seed_;
  pairs::PairSums pair_sums_;
};

}  // namespace scorefield::ift
