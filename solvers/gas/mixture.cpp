#include "solvers/gas/mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

namespace scorefield::gas {
namespace {

constexpr int kRounds = 25;
constexpr double kFewest = 8;  ///< points of a component whose covariance has the common shape
/// Gain of a cut above which two parts are modes of their own: 1.01 for a Gaussian, 1.39 for a uniform density, and
/// log(1 + p (1 - p) D^2) for modes of shares p and 1 - p, D deviations apart.
constexpr double kApart = 1.6;

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

/// A cloud cut in two: which particles lie beyond, and log(variance along the direction / variance within both).
struct Split {
  std::vector<bool> beyond;
  double gain = 0;
};

/// The direction along which a cloud falls apart best: axes, principal axes, and from the best of them the fixed points
/// of kurtosis and skewness, which point from mode to mode. No particle lies beyond in a cloud without extent.
Split best_split(const Matrix& x) {
  const auto d = x.rows();
  const Vector mean = x.rowwise().mean();
  Matrix c = dense::covariance(x, mean);
  c.diagonal().array() += 1e-9 * c.trace() / static_cast<double>(d) + 1e-300;
  const auto eigen = dense::symmetric_eigen(c);
  const Vector variances = eigen.values.cwiseMax(1e-12 * eigen.values[d - 1]).cwiseMax(1e-300);  // above rounding
  const Matrix scaled = eigen.vectors * variances.cwiseSqrt().cwiseInverse().asDiagonal();
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
  std::vector<bool> beyond(static_cast<std::size_t>(x.cols()));
  if (direction.size() == 0) return {beyond, 0};
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
  for (Eigen::Index i = 0; i < u.size(); ++i) beyond[static_cast<std::size_t>(i)] = u[i] > threshold;
  return {beyond, gain};
}

double criterion(const Mixture& mixture, const Matrix& x) {
  const double n = static_cast<double>(x.cols()), d = static_cast<double>(x.rows());
  const double K = static_cast<double>(mixture.size()), shape = d * (d + 1) / 2;
  const double parameters = mixture.shape() == Mixture::Shape::own ? K * (1 + d + shape) - 1 : K * (2 + d) - 2 + shape;
  return -2 * mixture.log_density(x).sum() + parameters * std::log(n);
}

/// Fewest points of a component.
double fewest(Eigen::Index d, Mixture::Shape shape) {
  return shape == Mixture::Shape::own ? 2.0 * static_cast<double>(d) + 2 : kFewest;
}

/// Covariances lambda_k C in place of the components' own: maximum likelihood by two rounds of alternation. The
/// components' weights are numbers of points.
void share_shape(std::vector<Mixture::Component>& components) {
  const auto d = components.front().mean.size();
  double total = 0;
  for (const auto& part : components) total += part.weight;
  Vector scale = Vector::Ones(static_cast<Eigen::Index>(components.size()));
  Matrix shape;
  for (int round = 0; round < 3; ++round) {
    shape = Matrix::Zero(d, d);
    for (std::size_t k = 0; k < components.size(); ++k)
      shape += components[k].weight / (total * scale[static_cast<Eigen::Index>(k)]) * components[k].covariance;
    shape.diagonal().array() += 1e-9 * shape.trace() / static_cast<double>(d) + 1e-300;
    const auto factor = dense::try_cholesky(shape, "the components' common covariance");
    if (!factor) return;
    for (std::size_t k = 0; k < components.size(); ++k) {
      const Matrix half = dense::solve_lower(*factor, components[k].covariance);
      scale[static_cast<Eigen::Index>(k)] =
          std::max(dense::solve_lower(*factor, half.transpose()).trace() / static_cast<double>(d), 1e-12);
    }
  }
  for (std::size_t k = 0; k < components.size(); ++k)
    components[k].covariance = scale[static_cast<Eigen::Index>(k)] * shape;
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
  auto shape = static_cast<std::int64_t>(shape_);
  archive.count("shape", shape, 0, 1);
  shape_ = static_cast<Shape>(shape);
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
  const auto shape = mixture.shape_;
  return refine(x, std::move(mixture), shape);
}

Mixture Mixture::refine(const Matrix& x, Mixture mixture, Shape shape) {
  const auto d = x.rows();
  if (mixture.size() <= 1) return single(x);
  for (int round = 0; round < kRounds; ++round) {
    const Matrix parts = mixture.log_parts(x);
    const Vector total = log_sum_columns(parts);
    const Matrix share = (parts.rowwise() - total.transpose()).array().exp();
    std::vector<Component> next;
    for (std::int64_t k = 0; k < mixture.size(); ++k) {
      const double weight = share.row(k).sum();
      if (weight < fewest(d, shape)) continue;
      Component part;
      part.weight = weight;
      part.mean = x * share.row(k).transpose() / weight;
      part.covariance = dense::covariance(x, part.mean, share.row(k).transpose());
      const double points = shape == Shape::own ? weight : static_cast<double>(x.cols());
      const double shrink = std::min(0.5, 0.5 * static_cast<double>(d) / points);
      const Matrix diagonal = part.covariance.diagonal().asDiagonal();
      part.covariance = (1 - shrink) * part.covariance + shrink * diagonal;
      next.push_back(std::move(part));
    }
    if (next.size() <= 1) return single(x);
    if (shape == Shape::common) share_shape(next);
    mixture = from(std::move(next));
    mixture.shape_ = shape;
  }
  return mixture;
}

Mixture Mixture::choose(const Matrix& x, std::int64_t most) {
  Mixture best = single(x);
  double least = criterion(best, x);
  while (best.size() < most) {
    Mixture better = split(x, best, Shape::own, least);
    if (better.size() <= best.size()) better = split(x, best, Shape::common, least);
    if (better.size() <= best.size()) break;
    best = std::move(better);
  }
  return best;
}

/// The best mixture with one of the components split in two, where the criterion falls below `least`, which it lowers;
/// otherwise an empty one.
Mixture Mixture::split(const Matrix& x, const Mixture& mixture, Shape shape, double& least) {
  const Matrix parts = mixture.log_parts(x);
  std::vector<std::vector<Eigen::Index>> members(static_cast<std::size_t>(mixture.size()));
  for (Eigen::Index i = 0; i < x.cols(); ++i) {
    Eigen::Index lead = 0;
    parts.col(i).maxCoeff(&lead);
    members[static_cast<std::size_t>(lead)].push_back(i);
  }
  const double few = fewest(x.rows(), shape);
  std::vector<Split> cuts(members.size());
  double widest = 0;
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (static_cast<double>(members[k].size()) < 2 * few) continue;
    cuts[k] = best_split(x(Eigen::all, members[k]));
    widest = std::max(widest, cuts[k].gain);
  }
  if (shape == Shape::common && widest < kApart) return {};
  Mixture better;
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (cuts[k].beyond.empty() || (shape == Shape::common && cuts[k].gain < widest))
      continue;  // there the widest alone
    std::vector<Eigen::Index> side[2];
    for (std::size_t i = 0; i < members[k].size(); ++i) side[cuts[k].beyond[i] ? 1 : 0].push_back(members[k][i]);
    if (static_cast<double>(std::min(side[0].size(), side[1].size())) < few) continue;
    auto trial = mixture.components_;
    const double weight = trial[k].weight,
                 share = static_cast<double>(side[0].size()) / static_cast<double>(members[k].size());
    auto left = single(x(Eigen::all, side[0])).components_.front(),
         right = single(x(Eigen::all, side[1])).components_.front();
    left.weight = weight * share;
    right.weight = weight * (1 - share);
    trial[k] = std::move(left);
    trial.push_back(std::move(right));
    if (shape == Shape::common) share_shape(trial);
    Mixture refined = refine(x, from(std::move(trial)), shape);
    const double value = criterion(refined, x);
    if (value < least) {
      least = value;
      better = std::move(refined);
    }
  }
  return better;
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
