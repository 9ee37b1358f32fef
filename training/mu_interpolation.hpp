#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/dense/dense.hpp"
#include "data/mu_set.hpp"

namespace scorefield::training {

enum class MuInterpolationKind { automatic, linear, cubic, kriging };

/// How what is known at the training mu is carried to others: f(mu) = sum_m w_m(mu) f(mu_m), sum_m w_m = 1.
struct MuRule {
  MuInterpolationKind kind = MuInterpolationKind::linear;  ///< not automatic
  std::vector<double> length{};  ///< kriging: [p], in units of each parameter's range in training
  double noise = 0;              ///< kriging: variance of what is known beside that of f over a length
  double left_out = -1;          ///< error where a training run is left out, relative; below 0: none could be
};

/// Weights at mu, [M]: `linear` in the Delaunay simplex around it, `cubic` of four values (one parameter), `kriging`
/// with Gaussian covariances and a constant mean. Outside their range the first two fall back on inverse distances.
[[nodiscard]] std::vector<double> mu_weights(const MuRule& rule, const data::MuSet& set,
                                             const std::vector<std::vector<double>>& mu, const std::vector<double>& at);

/// The rule with the least error to expect between training runs, by what it has at those that are left out one by one,
/// which are twice as far from their neighbours (those inside the range of the others; all, where there are none), or a
/// simpler kind that is as good within a tenth: of the `wanted` kind, or of all.
/// `products`: of the M functions, [M, M]; one matrix, or [M], the functions as the others give them at mu m.
[[nodiscard]] MuRule choose_mu_rule(MuInterpolationKind wanted, const std::vector<std::vector<double>>& mu,
                                    const std::vector<dense::Matrix>& products);

/// What the error at left-out runs tells of that between all runs, half as far from their neighbours: linear functions
/// of mu are exact to second order, the others to fourth.
[[nodiscard]] double expected_error(const MuRule& rule);

/// sum_n a_n b_n of every pair of functions, [M, M]: `functions` [M][n].
[[nodiscard]] dense::Matrix products_of(const std::vector<std::span<const double>>& functions);

/// "kriging, length 0.5 of the range"
[[nodiscard]] std::string describe(const MuRule& rule);

}  // namespace scorefield::training
