#include "solvers/gas/tempered.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.hpp"

namespace scorefield::gas {
namespace {

constexpr std::int64_t kRefit = 3;            ///< temperatures between two fits of the mixture
constexpr double kMixing = 0.5;               ///< acceptance of far moves that makes most kicks needless
constexpr double kMostHeld = 0.002;           ///< share of particles that far moves do not move then
constexpr double kDescribed = 0.75;           ///< effective share of the proposals then: the mixture is nearly p
constexpr double kLongerSteps = 6;            ///< power of gas.ess for the next temperature then
constexpr std::int64_t kKickEvery = 3;        ///< sweeps between two kicks then
constexpr std::int64_t kStraightenEvery = 3;  ///< sweeps between two fits of the coupling
constexpr std::int64_t kStraightenings = 6;   ///< fits after the first

}  // namespace

Tempered::Tempered(const Matrix& initial, const GasOptions& options, std::uint64_t seed, Evaluator evaluate)
    : options_(options), seed_(seed), evaluate_(std::move(evaluate)), ask_(evaluate_) {
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
  constexpr int kRounds = 64, kNarrower = 32;
  std::vector<Eigen::Index> inside, outside;
  for (Eigen::Index i = 0; i < cloud_.count(); ++i)
    (std::isfinite(cloud_.log_p[i]) && cloud_.score.col(i).allFinite() ? inside : outside).push_back(i);
  for (int round = 0; round < kRounds && !outside.empty(); ++round) {
    Cloud next;
    const auto use = 64 + static_cast<std::uint64_t>(round);
    // A small support may be met by none of them: then they gather.
    const double width = inside.empty() && round >= kNarrower ? std::exp2((kNarrower - 1 - round) / 4.0) : 1;
    next.x = (width * start_deviation_ *
              normals(cloud_.dimension(), static_cast<Eigen::Index>(outside.size()), seed_, stream(use)))
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
  const double least = mixes_by_far_moves() ? std::pow(options_.ess, kLongerSteps) : options_.ess;
  double low = 0, high = 1 - beta_;
  if (relative_ess(high * slope) < least) {
    for (int i = 0; i < 60 || (low == 0 && high > 1e-300); ++i) {
      const double middle = 0.5 * (low + high);
      (relative_ess(middle * slope) < least ? high : low) = middle;
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
  warn_of_lost_clusters(source);
  pick(source);
}

/// A cluster of the mixture that had particles and has none after a resampling.
void Tempered::warn_of_lost_clusters(const std::vector<Eigen::Index>& source) {
  constexpr double kCluster = 5;
  if (mixture_.size() < 2) return;
  const Matrix parts = mixture_.log_parts(cloud_.x);
  Vector before = Vector::Zero(mixture_.size()), after = before;
  std::vector<Eigen::Index> lead(static_cast<std::size_t>(cloud_.count()));
  for (Eigen::Index i = 0; i < cloud_.count(); ++i) {
    parts.col(i).maxCoeff(&lead[static_cast<std::size_t>(i)]);
    before[lead[static_cast<std::size_t>(i)]] += 1;
  }
  for (const auto i : source) after[lead[static_cast<std::size_t>(i)]] += 1;
  const auto lost = ((before.array() >= kCluster) && (after.array() == 0)).count();
  if (lost == 0) return;
  char text[160];
  std::snprintf(text, sizeof text,
                "at beta = %.3g the ladder lost %d cluster(s) of the cloud; raise gas.ess or --particles.", beta_,
                static_cast<int>(lost));
  notes_.emplace_back(text);
}

/// Whether the last far moves gave most particles another place and hold none, as their mixture describes p: one
/// evaluation each instead of a kick's many.
bool Tempered::mixes_by_far_moves() const {
  return options_.teleport && accepted_teleports_ > kMixing && held_ < kMostHeld && proposal_ess_ > kDescribed;
}

/// Kicks and far moves at one temperature. Where far moves alone mix, kicks, which know tails and shapes that the
/// mixture does not, are made every third time.
void Tempered::sweep(std::int64_t kicks) {
  if (!mixes_by_far_moves() || iteration_ % kKickEvery == 0) move(kicks);
  if (options_.teleport) teleport();
}

void Tempered::move(std::int64_t kicks) {
  for (std::int64_t i = 0; i < kicks; ++i) {
    if (i > 0) ++iteration_;  // another stream of random numbers
    kick();
  }
}

/// Clusters and metric of the present cloud.
void Tempered::refit() {
  mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  metric_ = mixture_.inner_factor();
}

/// The next phase that the options ask for.
Tempered::Phase Tempered::after(Phase phase) const {
  if (phase < Phase::bridge && options_.bridge) return Phase::bridge;
  if (phase < Phase::thin && pool_.count() > 0) return Phase::thin;
  if (phase < Phase::polish && options_.polish > 0) return Phase::polish;
  return Phase::done;
}

void Tempered::step() {
  const Phase before = phase_;
  advance();
  if (phase_ == Phase::done && before != Phase::done) warn_of_funnels();
  publish();
}

void Tempered::advance() {
  ++iteration_;
  switch (phase_) {
    case Phase::ladder:
      cool();
      if (mixture_.size() == 0 || iteration_ % kRefit == 0 || beta_ == 1) refit();
      sweep(options_.sweeps);
      if (beta_ < 1) break;
      phase_ = Phase::equilibrium;
      if (options_.search > 0) search();
      if (options_.straighten && !found_lost_ && straighten()) phase_ = Phase::straighten;
      break;
    case Phase::straighten:
      sweep(1);
      if (++straightened_ % kStraightenEvery == 0) straighten();
      if (straightened_ == kStraightenEvery * kStraightenings) phase_ = Phase::equilibrium;
      break;
    case Phase::equilibrium:
      sweep(1);
      if (sweep_ >= options_.final_sweeps - options_.thinning) collect();
      if (sweep_ + 1 == options_.final_sweeps / 2 && !found_lost_) refit();
      if (++sweep_ < options_.final_sweeps) break;
      measure_evidence();
      phase_ = after(phase_);
      break;
    case Phase::bridge:
      bridge();
      // Copies part within their modes; far moves would undo the weights.
      if (mixture_.size() > 1 && pool_.count() == 0) move(3);
      phase_ = after(phase_);
      break;
    case Phase::thin:
      thin();
      phase_ = after(phase_);
      break;
    case Phase::polish:
      unpolished_ = coupling_.empty() ? cloud_.x : coupling_.to_curved(cloud_.x);
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
          {"teleport_held", held_},
          {"proposal_ess", proposal_ess_},
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
  archive.number("held_by_teleports", held_);
  archive.number("proposal_ess", proposal_ess_);
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
  gas::exchange(archive, "promising", promising_, d, StateArchive::kAny);
  archive.group("mixture", [&] { mixture_.exchange(archive, d); });
  archive.count("straightened", straightened_, 0, kStraightenEvery * kStraightenings);
  archive.group("coupling", [&] { coupling_.exchange(archive, d); });
  if (archive.restoring()) {
    ask_ = coupling_.empty() ? evaluate_ : coupling_.straightened(evaluate_);
    publish();
  }
  archive.require(!found_lost_ || step_sizes_.size() == mixture_.size(), "step_sizes", "one for each component");
}

}  // namespace scorefield::gas
