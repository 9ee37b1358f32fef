// Kicks and far moves.
#include "solvers/gas/tempered.hpp"

#include <algorithm>
#include <cmath>

namespace scorefield::gas {
namespace {

constexpr double kAcceptance = 0.8;
constexpr double kHeld =
    100;  ///< far moves on average that a particle waits for one which it accepts, to count as held

/// Where p over the proposal, w, is far above its mean over proposals, far moves are hardly ever accepted: the share of
/// such particles. Logarithms of w.
double held_share(const Vector& of_particles, Vector of_proposals) {
  for (auto& w : of_proposals)
    if (!std::isfinite(w)) w = -1e300;
  const double top = of_proposals.maxCoeff();
  const double mean = top + std::log((of_proposals.array() - top).exp().mean());
  return static_cast<double>((of_particles.array() > mean + std::log(kHeld)).count()) /
         static_cast<double>(of_particles.size());
}

}  // namespace

/// One Hamiltonian move of every particle with its accept test, in the metric of the clusters' covariance; where lost
/// modes were put back, of every cluster in its own metric, within the region where its component leads.
void Tempered::kick() {
  const auto n = cloud_.count();
  if (!found_lost_) {
    std::vector<Eigen::Index> all(static_cast<std::size_t>(n));
    for (Eigen::Index i = 0; i < n; ++i) all[static_cast<std::size_t>(i)] = i;
    acceptance_ = kick_some(all, -1, metric_, step_size_) / static_cast<double>(n);
    return;
  }
  const Matrix parts = mixture_.log_parts(cloud_.x);
  std::vector<std::vector<Eigen::Index>> members(static_cast<std::size_t>(mixture_.size()));
  for (Eigen::Index i = 0; i < n; ++i) {
    Eigen::Index lead = 0;
    parts.col(i).maxCoeff(&lead);
    members[static_cast<std::size_t>(lead)].push_back(i);
  }
  acceptance_ = 0;
  for (std::size_t k = 0; k < members.size(); ++k)
    if (!members[k].empty()) {
      const auto cluster = static_cast<Eigen::Index>(k);
      acceptance_ += kick_some(members[k], cluster, mixture_.components()[k].factor, step_sizes_[cluster]) /
                     static_cast<double>(n);
    }
}

/// Moves these particles; the sum of their acceptance probabilities. `cluster`: whose region they may not leave, or -1.
double Tempered::kick_some(const std::vector<Eigen::Index>& members, Eigen::Index cluster, const Matrix& metric,
                           double& size) {
  const auto d = cloud_.dimension(), n = static_cast<Eigen::Index>(members.size());
  const double variance = start_deviation_ * start_deviation_;
  const auto force = [&](const Cloud& c) -> Matrix {
    Matrix s = beta_ * c.score - (1 - beta_) / variance * (c.x.colwise() - start_mean_);
    return dense::transposed_product(metric, s);
  };
  const auto log_density = [&](const Cloud& c) -> Vector { return beta_ * c.log_p + (1 - beta_) * log_start(c.x); };
  const auto group = static_cast<std::uint64_t>(cluster + 1) << 24;
  const double h = size * (0.8 + 0.4 * uniforms(1, seed_, stream(2) ^ group)[0]);
  Matrix momentum = normals(d, n, seed_, stream(3) ^ group);
  Cloud next;
  next.x = cloud_.x(Eigen::all, members);
  next.score = cloud_.score(Eigen::all, members);
  next.log_p = cloud_.log_p(members);
  const Vector before = log_density(next) - 0.5 * momentum.colwise().squaredNorm().transpose();
  momentum += 0.5 * h * force(next);
  for (std::int64_t i = 0; i < options_.leapfrog; ++i) {
    next.x += h * dense::product(metric, momentum);
    ask_(next, true);
    momentum += (i + 1 < options_.leapfrog ? h : 0.5 * h) * force(next);
  }
  Vector gain = log_density(next) - 0.5 * momentum.colwise().squaredNorm().transpose() - before;
  if (cluster >= 0) {
    const Matrix parts = mixture_.log_parts(next.x);
    for (Eigen::Index i = 0; i < n; ++i)
      if (parts.col(i).maxCoeff() > parts(cluster, i)) gain[i] = -INFINITY;
  }
  const Vector u = uniforms(n, seed_, stream(4) ^ group);
  double sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double probability =
        std::isfinite(gain[i]) && next.score.col(i).allFinite() ? std::min(1.0, std::exp(gain[i])) : 0;
    sum += probability;
    if (u[i] < probability) take(members[static_cast<std::size_t>(i)], next, i);
  }
  size = std::clamp(size * std::exp(sum / static_cast<double>(n) - kAcceptance), 1e-4, 1.5);
  return sum;
}

/// Each half proposes to the other from the mixture fitted to itself: an independence Metropolis move.
void Tempered::teleport() {
  const auto n = cloud_.count();
  accepted_teleports_ = 0;
  held_ = proposal_ess_ = 0;
  // Even and odd particles: resampling leaves neighbours in memory that may be copies of each other.
  std::vector<Eigen::Index> side[2];
  for (Eigen::Index i = 0; i < n; ++i) side[i % 2].push_back(i);
  for (int a = 0; a < 2; ++a) {
    const Matrix source = cloud_.x(Eigen::all, side[a]);
    const auto& target = side[1 - a];
    const Mixture proposal = found_lost_ ? mixture_ : Mixture::refine(source, mixture_);
    Cloud next;
    next.x =
        proposal.draw(static_cast<std::int64_t>(target.size()), seed_, stream(10 + 4 * static_cast<std::uint64_t>(a)));
    ask_(next, true);
    const Matrix old = cloud_.x(Eigen::all, target);
    const Vector g_new = proposal.log_density(next.x), g_old = proposal.log_density(old);
    const Vector w_new = beta_ * next.log_p + (1 - beta_) * log_start(next.x) - g_new;
    const Vector w_old = beta_ * cloud_.log_p(target) + (1 - beta_) * log_start(old) - g_old;
    held_ += 0.5 * held_share(w_old, w_new);
    proposal_ess_ += 0.5 * relative_ess(w_new);
    if (phase_ == Phase::ladder) keep_promising(next, g_new, 3);
    const Vector u =
        uniforms(static_cast<std::int64_t>(target.size()), seed_, stream(12 + 4 * static_cast<std::uint64_t>(a)));
    for (std::size_t j = 0; j < target.size(); ++j) {
      const auto k = static_cast<Eigen::Index>(j), i = target[j];
      const double gain = w_new[k] - w_old[k];
      if (!std::isfinite(gain) || !(std::log(u[k]) < gain)) continue;
      take(i, next, k);
      accepted_teleports_ += 1;
    }
  }
  accepted_teleports_ /= static_cast<double>(n);
}

}  // namespace scorefield::gas
