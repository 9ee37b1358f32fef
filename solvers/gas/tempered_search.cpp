// Modes that the ladder has lost.
#include "solvers/gas/tempered.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/random_subset.hpp"
#include "solvers/gas/bridge.hpp"
#include "solvers/gas/modes.hpp"

namespace scorefield::gas {

/// log p alone, which is cheap, at draws of the mixture with twice its width: in few dimensions they meet modes that
/// no ascent from afar ends in.
void Tempered::scan() {
  constexpr std::int64_t kScans = 8;
  auto wide = mixture_.components();
  for (auto& part : wide) part.covariance *= 4;
  const auto broad = Mixture::from(wide);
  Cloud points;
  points.x = broad.draw(kScans * cloud_.count(), seed_, stream(45));
  ask_(points, false);
  keep_promising(points, broad.log_density(points.x), 24);
}

/// Keeps the proposals at which p is largest beside the mixture: those near a narrow mode stand out, though no particle
/// stays there.
void Tempered::keep_promising(const Cloud& proposals, const Vector& log_mixture, Eigen::Index count) {
  constexpr Eigen::Index kMost = 96;
  if (found_lost_ || options_.search == 0) return;
  Vector excess = proposals.log_p - log_mixture;
  const auto d = proposals.dimension();
  for (Eigen::Index k = 0; k < std::min<Eigen::Index>(count, excess.size()); ++k) {
    for (auto& e : excess)
      if (std::isnan(e)) e = -INFINITY;
    Eigen::Index best = 0;
    if (!std::isfinite(excess.maxCoeff(&best))) return;
    if (promising_.cols() == kMost) promising_ = Matrix(promising_.rightCols(kMost - 1));
    promising_.conservativeResize(d, promising_.cols() + 1);
    promising_.rightCols(1) = proposals.x.col(best);
    excess[best] = -INFINITY;
  }
}

/// Looks for modes that the ladder has lost, and puts particles there: a mode s times narrower than another in d
/// dimensions has a share of s^(d (1 - beta)) at beta, however many temperatures there are.
void Tempered::search() {
  const auto bridge = bridge_weights(cloud_, mixture_, seed_, stream(40), ask_);
  scan();
  const auto modes = find_modes({.mean = start_mean_,
                                 .deviation = start_deviation_,
                                 .starts = options_.search,
                                 .seed = seed_,
                                 .stream = stream(41),
                                 .promising = promising_},
                                cloud_, ask_);
  const auto lost = lost_modes(modes, cloud_, mixture_, bridge.log_z, ask_);
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
  auto places = random_subset(cloud_.count(), cloud_.count(), seed_ ^ stream(42));
  for (std::size_t k = 0; k < lost.size(); ++k) {
    const auto count = static_cast<Eigen::Index>(std::clamp(lost[k].share * n, std::min(60.0, most), most));
    auto part = mixture_.components()[components.size() - lost.size() + k];
    part.weight = 1;
    Cloud next;
    next.x = Mixture::from({part}).draw(count, seed_, stream(44 + 2 * static_cast<std::uint64_t>(k)));
    ask_(next, true);
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

}  // namespace scorefield::gas
