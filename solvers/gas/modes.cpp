#include "solvers/gas/modes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "solvers/gas/ascent.hpp"

namespace scorefield::gas {
namespace {

constexpr std::int64_t kIterations = 80, kLinePoints = 64, kMostScanned = 4, kMostModes = 48, kMostCandidates = 64;

/// Deviations of a cloud's coordinates.
Vector spread_of(const Cloud& cloud) {
  const Vector mean = cloud.x.rowwise().mean();
  return (cloud.x.colwise() - mean).rowwise().norm() / std::sqrt(static_cast<double>(cloud.count()));
}

double squared_distance(const Mode& mode, const Matrix& factor, const Vector& x) {
  return dense::solve_lower(factor, x - mode.x).squaredNorm();
}

/// The Gaussian of the curvature at a maximum, by differences of the score; nothing where log p is not concave.
std::optional<Mode> laplace(const Vector& x, double log_p, const Vector& unit, const Evaluator& evaluate) {
  const auto d = x.size();
  Cloud probes;
  probes.x = x.replicate(1, 2 * d);
  const Vector h = 1e-4 * unit;
  for (Eigen::Index j = 0; j < d; ++j) {
    probes.x(j, 2 * j) += h[j];
    probes.x(j, 2 * j + 1) -= h[j];
  }
  evaluate(probes, true);
  if (!probes.score.allFinite()) return std::nullopt;
  Matrix curvature(d, d);
  for (Eigen::Index j = 0; j < d; ++j)
    curvature.col(j) = (probes.score.col(2 * j + 1) - probes.score.col(2 * j)) / (2 * h[j]);
  curvature = 0.5 * (curvature + curvature.transpose()).eval();
  const auto factor = dense::try_cholesky(curvature, "the curvature at a maximum");
  if (!factor) return std::nullopt;
  const Matrix inverse = dense::solve_lower(*factor, Matrix::Identity(d, d));
  Mode mode{x, log_p, dense::transposed_product(inverse, inverse), 0};
  mode.log_mass =
      log_p + 0.5 * static_cast<double>(d) * std::log(2 * std::numbers::pi) - factor->diagonal().array().log().sum();
  if (!std::isfinite(mode.log_mass) || !dense::try_cholesky(mode.covariance, "a mode's covariance"))
    return std::nullopt;
  return mode;
}

/// Adds the maxima that are not among the modes yet.
void add_modes(std::vector<Mode>& modes, const Cloud& maxima, const Vector& unit, const Evaluator& evaluate) {
  std::vector<Eigen::Index> order;
  for (Eigen::Index i = 0; i < maxima.count(); ++i)
    if (std::isfinite(maxima.log_p[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return maxima.log_p[a] > maxima.log_p[b]; });
  for (const auto i : order) {
    if (static_cast<std::int64_t>(modes.size()) >= kMostModes) break;
    const Vector x = maxima.x.col(i);
    bool known = false;
    for (const auto& mode : modes) {
      const double near = (x - mode.x).cwiseQuotient(unit).squaredNorm();
      known = known || near < 1e-6 || squared_distance(mode, dense::cholesky(mode.covariance, "a mode"), x) < 1;
    }
    if (known) continue;
    if (auto mode = laplace(x, maxima.log_p[i], unit, evaluate)) modes.push_back(std::move(*mode));
  }
  std::sort(modes.begin(), modes.end(), [](const Mode& a, const Mode& b) { return a.log_mass > b.log_mass; });
}

/// Points on lines along the axes through the centres where log p has a maximum on the line, other than that nearest to
/// the centre.
Matrix line_maxima(const Matrix& centres, const Vector& low, const Vector& high, const Evaluator& evaluate) {
  const auto d = centres.rows(), lines = d * centres.cols();
  Cloud points;
  points.x.resize(d, lines * kLinePoints);
  for (Eigen::Index l = 0; l < lines; ++l)
    for (std::int64_t k = 0; k < kLinePoints; ++k) {
      const auto j = l % d;
      points.x.col(l * kLinePoints + k) = centres.col(l / d);
      points.x(j, l * kLinePoints + k) =
          low[j] + (high[j] - low[j]) * (static_cast<double>(k) + 0.5) / static_cast<double>(kLinePoints);
    }
  evaluate(points, false);
  std::vector<std::pair<double, Eigen::Index>> found;
  for (Eigen::Index l = 0; l < lines; ++l) {
    const double home = centres(l % d, l / d);
    const double spacing = (high[l % d] - low[l % d]) / static_cast<double>(kLinePoints);
    for (std::int64_t k = 1; k + 1 < kLinePoints; ++k) {
      const auto i = l * kLinePoints + k;
      const double value = points.log_p[i];
      if (!std::isfinite(value) || !(value > points.log_p[i - 1]) || !(value >= points.log_p[i + 1])) continue;
      if (std::abs(points.x(l % d, i) - home) > 1.5 * spacing) found.emplace_back(value, i);
    }
  }
  std::sort(found.rbegin(), found.rend());
  if (static_cast<std::int64_t>(found.size()) > kMostCandidates) found.resize(kMostCandidates);
  Matrix chosen(d, static_cast<Eigen::Index>(found.size()));
  for (std::size_t k = 0; k < found.size(); ++k)
    chosen.col(static_cast<Eigen::Index>(k)) = points.x.col(found[k].second);
  return chosen;
}

}  // namespace

std::vector<Mode> find_modes(const Search& search, const Cloud& cloud, const Evaluator& evaluate) {
  const auto d = cloud.dimension();
  const Vector unit = spread_of(cloud).cwiseMax(1e-12 * search.deviation);
  Matrix starts = normals(d, search.starts, search.seed, search.stream);
  for (Eigen::Index i = 0; i < starts.cols(); ++i)  // half of them as wide as the start, the others less
    starts.col(i) = search.mean + search.deviation * (i % 2 == 0 ? 1.0 : i % 4 == 1 ? 0.5 : 0.25) * starts.col(i);
  if (search.promising.cols() > 0) {
    starts.conservativeResize(d, search.starts + search.promising.cols());
    starts.rightCols(search.promising.cols()) = search.promising;
  }
  std::vector<Mode> modes;
  add_modes(modes, ascend(starts, unit, kIterations, evaluate), unit, evaluate);
  if (!search.along_axes) return modes;
  const Vector mean = cloud.x.rowwise().mean();
  const Vector low = (search.mean.array() - 3 * search.deviation).min((mean - 4 * unit).array()),
               high = (search.mean.array() + 3 * search.deviation).max((mean + 4 * unit).array());
  const auto scanned = std::min<Eigen::Index>(kMostScanned, static_cast<Eigen::Index>(modes.size()));
  Matrix centres(d, scanned + 1);
  for (Eigen::Index k = 0; k < scanned; ++k) centres.col(k) = modes[static_cast<std::size_t>(k)].x;
  centres.col(scanned) = mean;
  const Matrix candidates = line_maxima(centres, low, high, evaluate);
  if (candidates.cols() > 0) add_modes(modes, ascend(candidates, unit, kIterations, evaluate), unit, evaluate);
  return modes;
}

namespace {

/// log of the mean of p over a mode's Gaussian at draws of it: far below Laplace's mass where the curvature at the
/// maximum says nothing of the density around it, as on a plateau.
double drawn_log_mass(const Mode& mode, const Evaluator& evaluate) {
  constexpr std::int64_t kDraws = 256;
  constexpr std::uint64_t kSeed = 0x1a91ace;
  const auto gaussian = Mixture::from({{1, mode.x, mode.covariance, {}, 0}});
  Cloud draws;
  draws.x = gaussian.draw(kDraws, kSeed, 0);
  evaluate(draws, false);
  Vector log_weight = draws.log_p - gaussian.log_density(draws.x);
  for (auto& w : log_weight)
    if (!std::isfinite(w)) w = -1e300;
  const double top = log_weight.maxCoeff();
  return top + std::log((log_weight.array() - top).exp().mean());
}

}  // namespace

std::vector<LostMode> lost_modes(std::vector<Mode> modes, const Cloud& cloud, const Mixture& mixture, double log_z,
                                 const Evaluator& evaluate) {
  constexpr double kShare = 0.01, kNearby = 0.2, kNats = 5;
  const double d = static_cast<double>(cloud.dimension()), reach = d + 4 * std::sqrt(2 * d) + 8;
  std::vector<LostMode> lost;
  double log_total = log_z;
  for (auto& mode : modes) {
    const double share = std::exp(std::min(0.0, mode.log_mass - log_z));
    if (share < kShare) continue;
    const Matrix factor = dense::cholesky(mode.covariance, "a mode's covariance");
    const Eigen::RowVectorXd squares = dense::solve_lower(factor, cloud.x.colwise() - mode.x).colwise().squaredNorm();
    const double near = static_cast<double>((squares.array() < reach).count()) / static_cast<double>(cloud.count());
    if (near > kNearby * share) continue;
    if (mode.log_p - log_z - mixture.log_density(mode.x)[0] < kNats) continue;
    mode.log_mass = std::min(mode.log_mass, drawn_log_mass(mode, evaluate));
    if (mode.log_mass - log_z < std::log(kShare)) continue;
    lost.push_back({mode, 0});
    log_total = std::max(log_total, mode.log_mass) + std::log1p(std::exp(-std::abs(log_total - mode.log_mass)));
  }
  for (auto& one : lost) one.share = std::exp(one.mode.log_mass - log_total);
  return lost;
}

}  // namespace scorefield::gas
