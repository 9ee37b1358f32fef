#include "solvers/gas/local_affine.hpp"

#include <algorithm>
#include <cmath>

namespace scorefield::gas {

PolishResult polish_cloud(Cloud& cloud, const Mixture& mixture, std::int64_t steps, const Evaluator& evaluate) {
  constexpr double kStep = 0.3, kLargestG = 2, kLargestMove = 0.3;
  const auto d = cloud.dimension(), n = cloud.count();
  const auto K = mixture.size();
  const Matrix start = cloud.x;
  const Matrix inner = mixture.inner_factor();
  for (std::int64_t step = 0; step < steps; ++step) {
    if (step > 0) evaluate(cloud, true);
    const Matrix parts = mixture.log_parts(cloud.x);
    const Matrix share = (parts.rowwise() - log_sum_columns(parts).transpose()).array().exp();
    // Gradients of the components' logarithms, and of the whole mixture's.
    std::vector<Matrix> white, slope;
    Matrix whole = Matrix::Zero(d, n);
    for (std::int64_t k = 0; k < K; ++k) {
      const auto& part = mixture.components()[static_cast<std::size_t>(k)];
      white.push_back(dense::solve_lower(part.factor, cloud.x.colwise() - part.mean));
      slope.push_back(-dense::solve_lower_transposed(part.factor, white.back()));
      whole += slope.back() * share.row(k).asDiagonal();
    }
    Matrix velocity = Matrix::Zero(d, n);
    for (std::int64_t k = 0; k < K; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const auto& part = mixture.components()[at];
      const double weight = share.row(k).sum();
      if (weight < 4.0 * static_cast<double>(d)) continue;
      const Matrix score = dense::transposed_product(part.factor, cloud.score);
      const double G =
          (score.colwise().squaredNorm().array() * share.row(k).array()).sum() / (weight * static_cast<double>(d));
      if (!(G < kLargestG)) continue;
      const Matrix pull = score + dense::transposed_product(part.factor, slope[at] - whole);  // s + grad log r
      Matrix A =
          dense::product_transposed(pull * share.row(k).asDiagonal(), white[at]) / weight + Matrix::Identity(d, d);
      A = 0.5 * (A + A.transpose()).eval();
      Vector b = pull * share.row(k).transpose() / weight;
      const double size = std::sqrt(A.squaredNorm() + b.squaredNorm());
      const double factor = kStep * std::min(1.0, kLargestMove / (kStep * size + 1e-300));
      const Matrix move = dense::product(part.factor, dense::product(A, white[at]).colwise() + b);
      velocity += factor * (move * share.row(k).asDiagonal());
    }
    cloud.x += velocity;
  }
  evaluate(cloud, true);
  PolishResult result;
  result.moved = std::sqrt(dense::solve_lower(inner, cloud.x - start).squaredNorm() / static_cast<double>(n));
  const double dd = static_cast<double>(d),
               floor = (std::sqrt(dd) + 0.5 * dd) / std::sqrt(static_cast<double>(n) / static_cast<double>(K));
  if (result.moved > 3 * floor)
    result.note = "the polish moved the particles by " + std::to_string(result.moved) +
                  " deviations, more than sampling error explains: compare the unpolished cloud (/extra/unpolished).";
  return result;
}

}  // namespace scorefield::gas
