#include "training/metrics/displacement.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/pairing.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/subsample.hpp"

namespace scorefield::metrics {
namespace {

constexpr double kSameInstant = 1e-6;  // of the span

/// The frames around a time, and how far from the first to the second it is; the same twice at a frame.
struct Between {
  std::int64_t before = 0, after = 0;
  double share = 0;
};

Between between(const std::vector<double>& times, double t) {
  const double same = kSameInstant * (times.back() - times.front());
  const auto next = std::lower_bound(times.begin(), times.end(), t - same);
  if (next == times.end()) return {std::ssize(times) - 1, std::ssize(times) - 1};
  const std::int64_t after = next - times.begin();
  if (after == 0 || *next <= t + same) return {after, after};
  return {after - 1, after, (t - times[after - 1]) / (times[after] - times[after - 1])};
}

/// From a point to another, the short way round.
double way(std::span<const float> from, std::span<const float> to, std::size_t k, double period) {
  const double step = static_cast<double>(to[k]) - from[k];
  return period > 0 ? step - period * std::round(step / period) : step;
}

std::vector<std::int64_t> shortest_ways(const PointCloud& from, const PointCloud& to,
                                        const std::vector<double>& periods) {
  const std::int64_t n = from.count();
  std::vector<double> cost(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < periods.size(); ++k)
        cost[i * n + j] += std::pow(way(from.point(i), to.point(j), k, periods[k]), 2);
  return optimal_pairing(cost, n);
}

}  // namespace

bool Displacement::is_between(std::span<const double> times) const {
  return std::any_of(times.begin(), times.end(), [&](double t) {
    const Between found = between(run_->times(mu_index_), t);
    return found.before != found.after;
  });
}

data::ParticleFrame Displacement::particles(double time) const {
  const Between at = between(run_->times(mu_index_), time);
  data::ParticleFrame before{.samples = run_->samples(mu_index_, at.before),
                             .weights = run_->weights(mu_index_, at.before)};
  if (at.before == at.after) return before;
  const data::ParticleFrame after{.samples = run_->samples(mu_index_, at.after),
                                  .weights = run_->weights(mu_index_, at.after)};
  SpreadMeter meter(run_->header().periods);
  meter.add(before.samples, before.weights);
  meter.add(after.samples, after.weights);
  const StateSpace space = meter.space();
  const auto all_from = normalised(before.samples, space, before.weights);
  const auto all_to = normalised(after.samples, space, after.weights);
  const bool weighted = !before.weights.empty() || !after.weights.empty();
  // Points of a weighted cloud are drawn by their weights: fewer than there are, so that those drawn are alike.
  const std::int64_t fewest = std::min(all_from.count(), all_to.count()) - (weighted ? 1 : 0);
  const std::int64_t n = std::clamp<std::int64_t>(fewest, 1, most_);
  const auto from = stratified_subsample(all_from, n, seed_), to = stratified_subsample(all_to, n, seed_);
  const auto partner = shortest_ways(from, to, space.periods);
  data::ParticleFrame moved{.samples = std::vector<float>(from.values.size())};
  const auto d = static_cast<std::size_t>(from.dimension);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) {
      const double step = way(from.point(i), to.point(partner[i]), k, space.periods[k]);
      moved.samples[i * d + k] = static_cast<float>(space.scales[k] * (from.point(i)[k] + at.share * step));
    }
  return moved;
}

}  // namespace scorefield::metrics
