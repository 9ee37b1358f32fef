#include "solvers/gas/tempered.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "core/error.hpp"
#include "solvers/gas/bridge.hpp"
#include "solvers/gas/local_affine.hpp"
#include "solvers/gas/modes.hpp"
#include "solvers/gas/support_points.hpp"

namespace scorefield::gas {
namespace {

constexpr double kAcceptance = 0.8;
constexpr std::int64_t kRefit = 3;  ///< temperatures between two fits of the mixture

double relative_ess(const Vector& log_weights) {
  const Vector w = (log_weights.array() - log_weights.maxCoeff()).exp();
  return w.sum() * w.sum() / w.squaredNorm() / static_cast<double>(w.size());
}

}  // namespace

Tempered::Tempered(const Matrix& initial, const GasOptions& options, std::uint64_t seed, Evaluator evaluate)
    : options_(options), seed_(seed), evaluate_(std::move(evaluate)) {
  start_mean_ = initial.rowwise().mean();
  const Matrix c = dense::covariance(initial, start_mean_);
  start_deviation_ = options.widen * std::sqrt(c.trace() / static_cast<double>(initial.rows()));
  if (!(start_deviation_ > 0)) throw UsageError("the initial cloud has no extent.");
  // Exact draws of q, evened by the initial cloud's own whitening.
  const Matrix z =
      dense::solve_lower(dense::cholesky(c, "the initial cloud's covariance"), initial.colwise() - start_mean_);
  cloud_.x = (start_deviation_ * z).colwise() + start_mean_;
  if (start_deviation_ < 1e-150 || !((cloud_.x.colwise() - cloud_.x.col(0)).cwiseAbs().maxCoeff() > 0))
    throw UsageError("the widened initial cloud has no extent: its deviation is " + std::to_string(start_deviation_) +
                     ". Raise gas.widen (smc.widen).");
  evaluate_(cloud_, true);
  enter_support();
  metric_ = start_deviation_ * Matrix::Identity(initial.rows(), initial.rows());
}

std::uint64_t Tempered::stream(std::uint64_t use) const {
  return (std::uint64_t{0x67} << 56) ^ (use << 40) ^ static_cast<std::uint64_t>(iteration_);
}

Vector Tempered::log_start(const Matrix& x) const {
  return -0.5 * (x.colwise() - start_mean_).colwise().squaredNorm().transpose() / (start_deviation_ * start_deviation_);
}

void Tempered::pick(const std::vector<Eigen::Index>& source) {
  const Cloud before = cloud_;
  for (std::size_t i = 0; i < source.size(); ++i) take(static_cast<Eigen::Index>(i), before, source[i]);
}

/// Particles that the start has put where log p is no finite number are drawn anew, so that the ladder begins with q on
/// the support; where few draws get there, the rest are copies.
void Tempered::enter_support() {
  constexpr int kRounds = 64;
  std::vector<Eigen::Index> inside, outside;
  for (Eigen::Index i = 0; i < cloud_.count(); ++i)
    (std::isfinite(cloud_.log_p[i]) && cloud_.score.col(i).allFinite() ? inside : outside).push_back(i);
  for (int round = 0; round < kRounds && !outside.empty(); ++round) {
    Cloud next;
    const auto use = 64 + static_cast<std::uint64_t>(round);
    next.x =
        (start_deviation_ * normals(cloud_.dimension(), static_cast<Eigen::Index>(outside.size()), seed_, stream(use)))
            .colwise() +
        start_mean_;
    evaluate_(next, true);
    std::vector<Eigen::Index> left;
    for (Eigen::Index k = 0; k < next.count(); ++k) {
      const auto i = outside[static_cast<std::size_t>(k)];
      if (!std::isfinite(next.log_p[k]) || !next.score.col(k).allFinite()) {
        left.push_back(i);
        continue;
      }
      take(i, next, k);
      inside.push_back(i);
    }
    outside = std::move(left);
  }
  if (inside.empty())
    throw DivergenceError(0, "log p of every particle of the initial cloud",
                          "Start inside the target's support (--initial, sample.start_shift, sample.start_scale).");
  const Cloud found = cloud_;
  for (std::size_t k = 0; k < outside.size(); ++k) take(outside[k], found, inside[k % inside.size()]);
}

/// Particle `to` becomes what `from` has in column k.
void Tempered::take(Eigen::Index to, const Cloud& from, Eigen::Index k) {
  cloud_.x.col(to) = from.x.col(k);
  cloud_.score.col(to) = from.score.col(k);
  cloud_.log_p[to] = from.log_p[k];
}

/// The next temperature, and systematic resampling by what it changes.
void Tempered::cool() {
  const Vector slope = cloud_.log_p - log_start(cloud_.x);
  double low = 0, high = 1 - beta_;
  if (relative_ess(high * slope) < options_.ess) {
    for (int i = 0; i < 60 || (low == 0 && high > 1e-300); ++i) {
      const double middle = 0.5 * (low + high);
      (relative_ess(middle * slope) < options_.ess ? high : low) = middle;
    }
    high = low;
  }
  if (!(high > 0))
    throw DivergenceError(iteration_, "log p of the cloud", "Start nearer to the target (sample.start_scale).");
  beta_ = high >= 1 - beta_ ? 1 : beta_ + high;
  const Vector w = (high * slope.array() - high * slope.maxCoeff()).exp();
  const double n = static_cast<double>(w.size()), total = w.sum(), u = uniforms(1, seed_, stream(1))[0];
  std::vector<Eigen::Index> source;
  double sum = 0;
  for (Eigen::Index i = 0; i < w.size(); ++i) {
    sum += w[i] / total * n;
    while (static_cast<double>(source.size()) + u < sum && source.size() < static_cast<std::size_t>(w.size()))
      source.push_back(i);
  }
  while (source.size() < static_cast<std::size_t>(w.size())) source.push_back(w.size() - 1);
  pick(source);
}

/// Clusters and metric of the present cloud.
void Tempered::refit() {
  mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  metric_ = mixture_.inner_factor();
}

/// Looks for modes that the ladder has lost, and puts particles there: a mode s times narrower than another in d
/// dimensions has a share of s^(d (1 - beta)) at beta, however many temperatures there are.
void Tempered::search() {
  const auto bridge = bridge_weights(cloud_, mixture_, seed_, stream(40), evaluate_);
  const auto modes = find_modes({.mean = start_mean_,
                                 .deviation = start_deviation_,
                                 .starts = options_.search,
                                 .seed = seed_,
                                 .stream = stream(41)},
                                cloud_, evaluate_);
  const auto lost = lost_modes(modes, cloud_, mixture_, bridge.log_z);
  if (lost.empty()) return;
  auto components = mixture_.components();
  double missing = 0;
  for (const auto& one : lost) missing += one.share;
  for (std::size_t k = 0; k < components.size(); ++k)
    components[k].weight = (1 - missing) * bridge.weights[static_cast<Eigen::Index>(k)] + 1e-12;
  for (const auto& one : lost) components.push_back({one.share, one.mode.x, one.mode.covariance, {}, 0});
  mixture_ = Mixture::from(components);
  found_lost_ = true;
  step_sizes_ = Vector::Constant(mixture_.size(), 0.5);
  const double n = static_cast<double>(cloud_.count()), most = 0.6 * n / static_cast<double>(lost.size());
  const Vector order = uniforms(cloud_.count(), seed_, stream(42));
  std::vector<Eigen::Index> places(static_cast<std::size_t>(cloud_.count()));
  for (Eigen::Index i = 0; i < cloud_.count(); ++i) places[static_cast<std::size_t>(i)] = i;
  std::sort(places.begin(), places.end(), [&](auto a, auto b) { return order[a] < order[b]; });
  for (std::size_t k = 0; k < lost.size(); ++k) {
    const auto count = static_cast<Eigen::Index>(std::clamp(lost[k].share * n, std::min(60.0, most), most));
    auto part = mixture_.components()[components.size() - lost.size() + k];
    part.weight = 1;
    Cloud next;
    next.x = Mixture::from({part}).draw(count, seed_, stream(44 + 2 * static_cast<std::uint64_t>(k)));
    evaluate_(next, true);
    for (Eigen::Index i = 0; i < count && !places.empty(); ++i) {
      if (!std::isfinite(next.log_p[i]) || !next.score.col(i).allFinite()) continue;
      take(places.back(), next, i);
      places.pop_back();
    }
  }
  char text[200];
  std::snprintf(text, sizeof text,
                "the ladder has lost %d mode(s) with a share of %.2g; optimisation found them, and particles were put "
                "there.",
                static_cast<int>(lost.size()), missing);
  notes_.emplace_back(text);
}

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
    evaluate_(next, true);
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
    evaluate_(next, true);
    const Matrix old = cloud_.x(Eigen::all, target);
    const Vector g_new = proposal.log_density(next.x), g_old = proposal.log_density(old);
    const Vector q_new = log_start(next.x), q_old = log_start(old);
    const Vector u =
        uniforms(static_cast<std::int64_t>(target.size()), seed_, stream(12 + 4 * static_cast<std::uint64_t>(a)));
    for (std::size_t j = 0; j < target.size(); ++j) {
      const auto k = static_cast<Eigen::Index>(j), i = target[j];
      const double gain =
          beta_ * (next.log_p[k] - cloud_.log_p[i]) + (1 - beta_) * (q_new[k] - q_old[k]) - g_new[k] + g_old[k];
      if (!std::isfinite(gain) || !(std::log(u[k]) < gain)) continue;
      take(i, next, k);
      accepted_teleports_ += 1;
    }
  }
  accepted_teleports_ /= static_cast<double>(n);
}

void Tempered::bridge() {
  if (!found_lost_) mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  if (mixture_.size() == 1) return;
  const auto result = bridge_weights(cloud_, mixture_, seed_, stream(20), evaluate_);
  bridge_error_ = result.error;
  if (result.error > 0.2) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "bridge sampling between %d clusters: relative error %.2f, above 0.2; mode weights are not reliable.",
                  static_cast<int>(mixture_.size()), result.error);
    notes_.emplace_back(text);
    return;
  }
  if (pool_.count() == 0) {
    pick(allocate(result, uniforms(cloud_.count(), seed_, stream(21))));
    return;
  }
  // The sweeps' own shares know the weights as well as their far moves were taken; of the two the better one counts.
  const double sweeps = static_cast<double>(pool_.count()) / static_cast<double>(cloud_.count());
  const double independent = static_cast<double>(cloud_.count()) * (1 + (sweeps - 1) * mean_teleports_);
  for (Eigen::Index k = 0; k < result.weights.size() && !found_lost_; ++k)
    if (result.error > std::sqrt((1 - result.weights[k]) / (result.weights[k] * independent))) return;
  pool_weights_ = weights_by_cluster(mixture_, pool_.x, result.weights);
}

/// The particles that stand for all of the last sweeps, in place of the last sweep's.
void Tempered::thin() {
  const Vector equal = Vector::Ones(pool_.count());
  const auto chosen = support_points(pool_.x, pool_weights_.size() > 0 ? pool_weights_ : equal, cloud_.count());
  cloud_.x = Matrix(pool_.x(Eigen::all, chosen));
  cloud_.score = Matrix(pool_.score(Eigen::all, chosen));
  cloud_.log_p = Vector(pool_.log_p(chosen));
  pool_ = {};
  pool_weights_.resize(0);
}

void Tempered::collect() {
  const auto before = pool_.count(), n = cloud_.count(), d = cloud_.dimension();
  if (before == 0) mean_teleports_ = 0;
  mean_teleports_ = (mean_teleports_ * static_cast<double>(before) + accepted_teleports_ * static_cast<double>(n)) /
                    static_cast<double>(before + n);
  pool_.x.conservativeResize(d, before + n);
  pool_.score.conservativeResize(d, before + n);
  pool_.log_p.conservativeResize(before + n);
  pool_.x.rightCols(n) = cloud_.x;
  pool_.score.rightCols(n) = cloud_.score;
  pool_.log_p.tail(n) = cloud_.log_p;
}

/// From the last sweeps' clouds, or the last one; clusters as they are now.
void Tempered::measure_evidence() {
  if (mixture_.size() == 0) mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  const bool pooled = pool_.count() > cloud_.count();
  const double sweeps = pooled ? static_cast<double>(pool_.count()) / static_cast<double>(cloud_.count()) : 1;
  const double independent = pooled ? (1 + (sweeps - 1) * mean_teleports_) / sweeps : 1;
  evidence_ = compute_evidence(pooled ? pool_ : cloud_, mixture_, independent, seed_, stream(30), evaluate_);
}

/// The next phase that the options ask for.
Tempered::Phase Tempered::after(Phase phase) const {
  if (phase < Phase::bridge && options_.bridge) return Phase::bridge;
  if (phase < Phase::thin && pool_.count() > 0) return Phase::thin;
  if (phase < Phase::polish && options_.polish > 0) return Phase::polish;
  return Phase::done;
}

void Tempered::polish() {
  const auto result = polish_cloud(cloud_, mixture_, options_.polish, evaluate_);
  moved_ = result.moved;
  if (!result.note.empty()) notes_.push_back(result.note);
}

/// G = E[s' C s]/d with the clusters' pooled covariance, 1 for elliptic modes: far above it the density's scale changes
/// over the cloud, as in a funnel, and kicks of one step size cannot reach its narrow part.
void Tempered::warn_of_funnels() {
  const Matrix spread = dense::product(mixture_.inner_covariance(), cloud_.score);
  const double G = cloud_.score.cwiseProduct(spread).sum() / static_cast<double>(cloud_.score.size());
  if (G < 10) return;
  char text[200];
  std::snprintf(
      text, sizeof text,
      "G = E[s'Cs]/d is %.3g, above 10: the density's scale changes over the cloud, as in a funnel; do not rely "
      "on its narrow parts.",
      G);
  notes_.emplace_back(text);
}

void Tempered::step() {
  const Phase before = phase_;
  advance();
  if (phase_ == Phase::done && before != Phase::done) warn_of_funnels();
}

void Tempered::advance() {
  ++iteration_;
  const auto moves = [&](std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (i > 0) ++iteration_;  // another stream of random numbers
      kick();
    }
  };
  switch (phase_) {
    case Phase::ladder:
      cool();
      if (mixture_.size() == 0 || iteration_ % kRefit == 0 || beta_ == 1) refit();
      moves(options_.sweeps);
      if (options_.teleport) teleport();
      if (beta_ < 1) break;
      phase_ = Phase::equilibrium;
      if (options_.search > 0) search();
      break;
    case Phase::equilibrium:
      moves(1);
      if (options_.teleport) teleport();
      if (sweep_ >= options_.final_sweeps - options_.thinning) collect();
      if (sweep_ + 1 == options_.final_sweeps / 2 && !found_lost_) refit();
      if (++sweep_ < options_.final_sweeps) break;
      measure_evidence();
      phase_ = after(phase_);
      break;
    case Phase::bridge:
      bridge();
      // Copies part within their modes; far moves would undo the weights.
      if (mixture_.size() > 1 && pool_.count() == 0) moves(3);
      phase_ = after(phase_);
      break;
    case Phase::thin:
      thin();
      phase_ = after(phase_);
      break;
    case Phase::polish:
      unpolished_ = cloud_.x;
      polish();
      phase_ = Phase::done;
      break;
    case Phase::done:
      break;
  }
}

std::vector<std::pair<std::string, double>> Tempered::trace() const {
  return {{"beta", beta_},
          {"acceptance", acceptance_},
          {"teleport_acceptance", accepted_teleports_},
          {"step_size", step_size_},
          {"clusters", static_cast<double>(mixture_.size())},
          {"bridge_error", bridge_error_},
          {"polish_moved", moved_}};
}

void Tempered::exchange(StateArchive& archive) {
  const auto d = cloud_.dimension();
  auto phase = static_cast<std::int64_t>(phase_);
  archive.count("phase", phase, 0, static_cast<std::int64_t>(Phase::done));
  phase_ = static_cast<Phase>(phase);
  archive.count("iteration", iteration_);
  archive.count("sweep", sweep_);
  archive.number("beta", beta_);
  archive.require(beta_ >= 0 && beta_ <= 1, "beta", "from 0 to 1");
  archive.number("step_size", step_size_);
  archive.number("acceptance", acceptance_);
  archive.number("teleport_acceptance", accepted_teleports_);
  archive.number("pool_teleport_acceptance", mean_teleports_);
  archive.number("bridge_error", bridge_error_);
  archive.number("log_evidence", evidence_.log_z);
  archive.number("log_evidence_error", evidence_.error);
  archive.flag("found_lost", found_lost_);
  gas::exchange(archive, "step_sizes", step_sizes_, StateArchive::kAny);
  archive.number("polish_moved", moved_);
  gas::exchange(archive, "start_mean", start_mean_, d);
  archive.number("start_deviation", start_deviation_);
  archive.require(start_deviation_ > 0, "start_deviation", "above 0");
  gas::exchange(archive, "metric", metric_, d, d);
  gas::exchange(archive, "cloud", cloud_, d, cloud_.count());
  gas::exchange(archive, "pool", pool_, d, StateArchive::kAny);
  gas::exchange(archive, "pool_weights", pool_weights_, StateArchive::kAny);
  archive.require(pool_weights_.size() == 0 || pool_weights_.size() == pool_.count(), "pool_weights",
                  "one for each of the pool's particles");
  gas::exchange(archive, "unpolished", unpolished_, d, StateArchive::kAny);
  archive.group("mixture", [&] { mixture_.exchange(archive, d); });
  archive.require(!found_lost_ || step_sizes_.size() == mixture_.size(), "step_sizes", "one for each component");
}

}  // namespace scorefield::gas
