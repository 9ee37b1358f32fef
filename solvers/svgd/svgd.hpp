#pragma once

#include "solvers/sampling/method.hpp"

namespace scorefield::svgd {

/// Stein variational gradient descent (arXiv 1608.04471):
///   x_i += step phi_i,  phi_i = (1/N) sum_j [k(x_j, x_i) score_j + grad_{x_j} k(x_j, x_i)]
/// with a Gaussian kernel whose h^2 = median^2 / (2 ln(N + 1)) follows the cloud, and AdaGrad with momentum (decay .9)
/// per coordinate, as in the authors' code. Known: it shrinks the cloud in high dimension.
struct SvgdOptions {
  double step = 0.1;     ///< AdaGrad's step, in units of the cloud's spread per coordinate
  double bandwidth = 0;  ///< h; 0: from the median
  bool double_precision = false;
};

/// Keys svgd.*.
void bind(OptionSet& set, SvgdOptions& options);

/// Method svgd.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::svgd
