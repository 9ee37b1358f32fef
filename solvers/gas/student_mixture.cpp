#include "solvers/gas/student_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace scorefield::gas {
namespace {

constexpr double kDegrees = 4, kWiden = 1.1, kCover = 1.5, kCoverShare = 0.15;

/// The mixture's own mean and covariance.
Mixture::Component moments(const std::vector<Mixture::Component>& parts) {
  Mixture::Component all;
  all.mean = Vector::Zero(parts.front().mean.size());
  all.covariance = Matrix::Zero(all.mean.size(), all.mean.size());
  for (const auto& part : parts) all.mean += part.weight * part.mean;
  for (const auto& part : parts) {
    const Vector shift = part.mean - all.mean;
    all.covariance += part.weight * (part.covariance + shift * shift.transpose());
  }
  return all;
}

}  // namespace

StudentMixture::StudentMixture(const Mixture& gaussians) {
  auto parts = gaussians.components();
  auto cover = moments(parts);
  for (auto& part : parts) {
    part.weight *= 1 - kCoverShare;
    part.covariance *= kWiden * kWiden;
  }
  cover.weight = kCoverShare;
  cover.covariance *= kCover * kCover;
  parts.push_back(std::move(cover));
  parts_ = Mixture::from(std::move(parts)).components();
}

Matrix StudentMixture::draw(std::int64_t n, std::uint64_t seed, std::uint64_t stream) const {
  Matrix x = normals(parts_.front().mean.size(), n, seed, stream);
  const Vector u = uniforms(3 * n, seed, stream + 1);
  for (std::int64_t i = 0; i < n; ++i) {
    std::size_t k = 0;
    for (double sum = parts_[0].weight; u[3 * i] > sum && k + 1 < parts_.size();) sum += parts_[++k].weight;
    // Chi-square of four degrees: -2 log of a product of two uniforms.
    const double chi = -2 * std::log(std::max(u[3 * i + 1] * u[3 * i + 2], 1e-300));
    const Vector z = x.col(i) / std::sqrt(chi / kDegrees);
    x.col(i) = parts_[k].mean + parts_[k].factor * z;
  }
  return x;
}

Vector StudentMixture::log_density(const Matrix& x) const {
  const double d = static_cast<double>(x.rows());
  const double normalisation =
      std::lgamma(0.5 * (kDegrees + d)) - std::lgamma(0.5 * kDegrees) - 0.5 * d * std::log(kDegrees * std::numbers::pi);
  Matrix logs(static_cast<Eigen::Index>(parts_.size()), x.cols());
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    const auto& part = parts_[k];
    const Matrix z = dense::solve_lower(part.factor, x.colwise() - part.mean);
    const double constant = normalisation + std::log(part.weight) - part.factor.diagonal().array().log().sum();
    logs.row(static_cast<Eigen::Index>(k)) =
        constant - 0.5 * (kDegrees + d) * (1 + z.colwise().squaredNorm().array() / kDegrees).log();
  }
  return log_sum_columns(logs);
}

}  // namespace scorefield::gas
