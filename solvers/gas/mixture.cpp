#include "solvers/gas/mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

namespace scorefield::gas {
namespace {

constexpr int kRounds = 25;

/// The cut of values u in two that lowers the variance most: the gain log(total / within) and the threshold.
std::pair<double, double> best_cut(const Vector& u) {
  Vector sorted = u;
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(u.size()), total = u.sum(), squares = u.squaredNorm();
  double sum = 0, least = std::numeric_limits<double>::infinity(), threshold = 0;
  for (Eigen::Index i = 0; i + 1 < sorted.size(); ++i) {
    sum += sorted[i];
    const double left = static_cast<double>(i + 1), right = n - left;
    if (left < 0.03 * n || right < 0.03 * n) continue;
    const double within = squares - sum * sum / left - (total - sum) * (total - sum) / right;
    if (within < least) {
      least = within;
      threshold = 0.5 * (sorted[i] + sorted[i + 1]);
    }
  }
  return {std::log((squares - total * total / n) / std::max(least, 1e-300)), threshold};
}

/// The direction along which a cloud falls apart best: axes, principal axes, and from the best of them the fixed points
/// of kurtosis and skewness, which point from mode to mode. True where a particle lies beyond the cut.
std::vector<bool> best_split(const Matrix& x) {
  const auto d = x.rows();
  const Vector mean = x.rowwise().mean();
  Matrix c = dense::covariance(x, mean);
  c.diagonal().array() += 1e-9 * c.trace() / static_cast<double>(d) + 1e-300;
  const auto eigen = dense::symmetric_eigen(c);
  const Matrix scaled = eigen.vectors * eigen.values.cwiseSqrt().cwiseInverse().asDiagonal();
  const Matrix z = dense::product(dense::product_transposed(scaled, eigen.vectors), x.colwise() - mean);
  double gain = -1, threshold = 0;
  Vector direction;
  const auto consider = [&](Vector w) {
    w.normalize();
    const auto [value, cut] = best_cut(z.transpose() * w);
    if (value > gain) {
      gain = value;
      threshold = cut;
      direction = w;
    }
  };
  const auto tried = std::min<Eigen::Index>(d, 20);
  for (Eigen::Index a = 0; a < tried; ++a) {
    consider(Vector::Unit(d, a));
    consider(eigen.vectors.col(d - 1 - a));
  }
  const Vector start = direction;
  for (const bool cubic : {true, false}) {
    Vector w = start;
    for (int round = 0; round < 15; ++round) {
      const Vector u = z.transpose() * w;
      const double n = static_cast<double>(u.size());
      w = cubic ? Vector(3 * w - z * u.array().cube().matrix() / n) : Vector(z * u.array().square().matrix() / n);
      if (!(w.norm() > 1e-12)) break;
      w.normalize();
      if (round > 2) consider(w);
    }
  }
  const Vector u = z.transpose() * direction;
  std::vector<bool> beyond(static_cast<std::size_t>(x.cols()));
  for (Eigen::Index i = 0; i < u.size(); ++i) beyond[static_cast<std::size_t>(i)] = u[i] > threshold;
  return beyond;
}

double criterion(const Mixture& mixture, const Matrix& x) {
  const double n = static_cast<double>(x.cols()), d = static_cast<double>(x.rows());
  const double parameters = static_cast<double>(mixture.size()) * (1 + d + d * (d + 1) / 2) - 1;
  return -2 * mixture.log_density(x).sum() + parameters * std::log(n);
}

}  // namespace

Vector log_sum_columns(const Matrix& parts) {
  const Eigen::RowVectorXd top = parts.colwise().maxCoeff();
  return (top.array() + (parts.rowwise() - top).array().exp().colwise().sum().log()).matrix().transpose();
}

void Mixture::finish() {
  double total = 0;
  for (const auto& part : components_) total += part.weight;
  const bool normalised = std::abs(total - 1) < 1e-12;  // left alone: a restored mixture keeps its bits
  for (auto& part : components_) {
    if (!normalised) part.weight /= total;
    double jitter = 1e-9 * part.covariance.trace() / static_cast<double>(part.mean.size()) + 1e-300;
    const std::string name = "a component's covariance";
    auto factor = dense::try_cholesky(part.covariance, name);
    for (; !factor; factor = dense::try_cholesky(part.covariance, name)) {
      part.covariance.diagonal().array() += jitter;
      jitter *= 10;
    }
    part.factor = std::move(*factor);
    part.log_normalisation = std::log(part.weight) - part.factor.diagonal().array().log().sum() -
                             0.5 * static_cast<double>(part.mean.size()) * std::log(2 * std::numbers::pi);
  }
}

void Mixture::exchange(StateArchive& archive, std::int64_t d) {
  auto count = size();
  archive.count("components", count, 0, 1 << 20);
  components_.resize(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k)
    archive.group(std::to_string(k), [&] {
      auto& part = components_[static_cast<std::size_t>(k)];
      archive.number("weight", part.weight);
      archive.require(part.weight > 0, "weight", "above 0");
      gas::exchange(archive, "mean", part.mean, d);
      gas::exchange(archive, "covariance", part.covariance, d, d);
      archive.require((part.covariance.diagonal().array() > 0).all(), "covariance",
                      "a covariance: its diagonal is above 0");
    });
  if (archive.restoring()) finish();
}

Mixture Mixture::from(std::vector<Component> components) {
  Mixture mixture;
  mixture.components_ = std::move(components);
  mixture.finish();
  return mixture;
}

Matrix Mixture::log_parts(const Matrix& x) const {
  Matrix parts(size(), x.cols());
  for (std::int64_t k = 0; k < size(); ++k) {
    const auto& part = components_[static_cast<std::size_t>(k)];
    const Matrix z = dense::solve_lower(part.factor, x.colwise() - part.mean);
    parts.row(k) = (-0.5 * z.colwise().squaredNorm()).array() + part.log_normalisation;
  }
  return parts;
}

Vector Mixture::log_density(const Matrix& x) const { return log_sum_columns(log_parts(x)); }

Mixture Mixture::single(const Matrix& x) {
  const Vector mean = x.rowwise().mean();
  return from({{1, mean, dense::covariance(x, mean), {}, 0}});
}

Mixture Mixture::refine(const Matrix& x, Mixture mixture) {
  const auto d = x.rows();
  if (mixture.size() <= 1) return single(x);
  for (int round = 0; round < kRounds; ++round) {
    const Matrix parts = mixture.log_parts(x);
    const Vector total = log_sum_columns(parts);
    const Matrix share = (parts.rowwise() - total.transpose()).array().exp();
    std::vector<Component> next;
    for (std::int64_t k = 0; k < mixture.size(); ++k) {
      const double weight = share.row(k).sum();
      if (weight < 2.0 * static_cast<double>(d) + 2) continue;
      Component part;
      part.weight = weight;
      part.mean = x * share.row(k).transpose() / weight;
      part.covariance = dense::covariance(x, part.mean, share.row(k).transpose());
      const double shrink = std::min(0.5, 0.5 * static_cast<double>(d) / weight);
      const Matrix diagonal = part.covariance.diagonal().asDiagonal();
      part.covariance = (1 - shrink) * part.covariance + shrink * diagonal;
      next.push_back(std::move(part));
    }
    if (next.size() <= 1) return single(x);
    mixture = from(std::move(next));
  }
  return mixture;
}

Mixture Mixture::choose(const Matrix& x, std::int64_t most) {
  const double fewest = 2.0 * static_cast<double>(x.rows()) + 2;
  Mixture best = single(x);
  double least = criterion(best, x);
  while (best.size() < most) {
    const Matrix parts = best.log_parts(x);
    std::vector<std::vector<Eigen::Index>> members(static_cast<std::size_t>(best.size()));
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
      Eigen::Index lead = 0;
      parts.col(i).maxCoeff(&lead);
      members[static_cast<std::size_t>(lead)].push_back(i);
    }
    Mixture better;
    for (std::size_t k = 0; k < members.size(); ++k) {
      if (static_cast<double>(members[k].size()) < 2 * fewest) continue;
      const auto beyond = best_split(x(Eigen::all, members[k]));
      std::vector<Eigen::Index> side[2];
      for (std::size_t i = 0; i < members[k].size(); ++i) side[beyond[i] ? 1 : 0].push_back(members[k][i]);
      if (static_cast<double>(std::min(side[0].size(), side[1].size())) < fewest) continue;
      auto trial = best.components_;
      const double weight = trial[k].weight,
                   share = static_cast<double>(side[0].size()) / static_cast<double>(members[k].size());
      auto left = single(x(Eigen::all, side[0])).components_.front(),
           right = single(x(Eigen::all, side[1])).components_.front();
      left.weight = weight * share;
      right.weight = weight * (1 - share);
      trial[k] = std::move(left);
      trial.push_back(std::move(right));
      Mixture refined = refine(x, from(std::move(trial)));
      const double value = criterion(refined, x);
      if (value < least) {
        least = value;
        better = std::move(refined);
      }
    }
    if (better.size() <= best.size()) break;
    best = std::move(better);
  }
  return best;
}

Matrix Mixture::draw(std::int64_t n, std::uint64_t seed, std::uint64_t stream) const {
  const auto d = components_.front().mean.size();
  Matrix x = normals(d, n, seed, stream);
  const Vector u = uniforms(n, seed, stream + 1);
  for (std::int64_t i = 0; i < n; ++i) {
    std::size_t k = 0;
    for (double sum = components_[0].weight; u[i] > sum && k + 1 < components_.size();) sum += components_[++k].weight;
    const Vector z = x.col(i);
    x.col(i) = components_[k].mean + components_[k].factor * z;
  }
  return x;
}

Matrix Mixture::inner_covariance() const {
  Matrix sum = Matrix::Zero(components_.front().mean.size(), components_.front().mean.size());
  for (const auto& part : components_) sum += part.weight * part.covariance;
  return sum;
}

Matrix Mixture::inner_factor() const { return dense::cholesky(inner_covariance(), "the mixture's inner covariance"); }

}  // namespace scorefield::gas
