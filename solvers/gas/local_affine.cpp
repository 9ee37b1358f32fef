#include "solvers/gas/local_affine.hpp"

#include <algorithm>
#include <cmath>

#include "solvers/gas/acceptance.hpp"

namespace scorefield::gas {
namespace {

constexpr double kStep = 0.3, kLargestG = 2, kFarthest = 0.3;
constexpr double kAtRest = 5e-4;  ///< deviations of the clusters by which a step moves particles that have arrived

/// The affine velocities of all components, mixed by responsibility.
Matrix polish_velocity(const Cloud& cloud, const Mixture& mixture) {
  const auto d = cloud.dimension(), n = cloud.count();
  const auto K = mixture.size();
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
    Matrix A = dense::product_transposed(pull * share.row(k).asDiagonal(), white[at]) / weight + Matrix::Identity(d, d);
    A = 0.5 * (A + A.transpose()).eval();
    Vector b = pull * share.row(k).transpose() / weight;
    const double size = std::sqrt(A.squaredNorm() + b.squaredNorm());
    const double factor = kStep * std::min(1.0, kFarthest / (kStep * size + 1e-300));
    const Matrix move = dense::product(part.factor, dense::product(A, white[at]).colwise() + b);
    velocity += factor * (move * share.row(k).asDiagonal());
  }
  return velocity;
}

/// Particles by the component that leads at them.
std::vector<std::vector<Eigen::Index>> members_of(const Mixture& mixture, const Matrix& x) {
  std::vector<std::vector<Eigen::Index>> members(static_cast<std::size_t>(mixture.size()));
  const Matrix parts = mixture.log_parts(x);
  for (Eigen::Index i = 0; i < x.cols(); ++i) {
    Eigen::Index lead = 0;
    parts.col(i).maxCoeff(&lead);
    members[static_cast<std::size_t>(lead)].push_back(i);
  }
  return members;
}

}  // namespace

PolishResult polish_cloud(Cloud& cloud, const Mixture& mixture, std::int64_t steps, const Evaluator& evaluate) {
  const Cloud start = cloud;
  PolishResult result;
  const Matrix inner = mixture.inner_factor();
  const auto size = [&](const Matrix& move) {
    return std::sqrt(dense::solve_lower(inner, move).squaredNorm() / static_cast<double>(move.size()));
  };
  for (std::int64_t step = 0; step < steps; ++step) {
    if (step > 0) evaluate(cloud, true);
    const Matrix velocity = polish_velocity(cloud, mixture);
    cloud.x += velocity;
    if (!cloud.x.allFinite()) {
      cloud = start;
      result.note = "the polish was left out: its velocity is not finite.";
      return result;
    }
    if (size(velocity) < kAtRest) break;
  }
  evaluate(cloud, true);
  std::string why;
  std::int64_t refused = 0;
  const auto members = members_of(mixture, start.x);
  Cloud polished = cloud;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const auto& mine = members[k];
    if (mine.empty() || start.x(Eigen::all, mine) == polished.x(Eigen::all, mine)) continue;
    const auto reason = objection(start, polished, mine, mixture.components()[k]);
    if (reason.empty()) continue;
    ++refused;
    why = reason;
    cloud.x(Eigen::all, mine) = start.x(Eigen::all, mine);
    cloud.score(Eigen::all, mine) = start.score(Eigen::all, mine);
    cloud.log_p(mine) = start.log_p(mine);
  }
  result.moved = size(cloud.x - start.x) * std::sqrt(static_cast<double>(cloud.dimension()));
  if (refused > 0)
    result.note = "the polish was left out in " + std::to_string(refused) + " of " + std::to_string(members.size()) +
                  " clusters: " + why + ".";
  return result;
}

}  // namespace scorefield::gas
