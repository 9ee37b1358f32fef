#include "training/metrics/mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/random_subset.hpp"
#include "training/metrics/history_error.hpp"

namespace scorefield::metrics {
namespace {

/// Those of some particles of a run, which add up to its share; of none where particles have none.
void append_weights(const std::vector<float>& weights, std::span<const std::int64_t> taken, double share,
                    std::vector<float>& all) {
  if (weights.empty()) return;
  double sum = 0;
  for (const std::int64_t row : taken) sum += weights[row];
  for (const std::int64_t row : taken) all.push_back(static_cast<float>(sum > 0 ? weights[row] / sum * share : 0));
}

}  // namespace

Mixture::Mixture(const Run& run, data::MuWeights shares, std::int64_t seed)
    : run_(&run), shares_(std::move(shares)), seed_(seed), in_file_order_(problems::made_by_a_problem(run.header())) {}

std::vector<std::int64_t> Mixture::order(std::int64_t count) const {
  if (!in_file_order_) return random_subset(count, count, static_cast<std::uint64_t>(seed_));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

data::ParticleFrame Mixture::particles(double time) const {
  const std::int64_t d = run_->header().dimension();
  std::vector<data::ParticleFrame> clouds;
  std::int64_t n = std::numeric_limits<std::int64_t>::max();
  for (const data::MuWeight& share : shares_) {
    const std::int64_t frame = run_->nearest_frame(share.index, time);
    clouds.push_back({.samples = run_->samples(share.index, frame), .weights = run_->weights(share.index, frame)});
    n = std::min(n, static_cast<std::int64_t>(clouds.back().samples.size()) / d);
  }
  if (clouds.size() == 1) return std::move(clouds.front());
  data::ParticleFrame mixed;
  mixed.samples.reserve(static_cast<std::size_t>(n * d));
  double share_so_far = 0;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < clouds.size(); ++i) {
    share_so_far += shares_[i].weight;
    const auto rows = order(static_cast<std::int64_t>(clouds[i].samples.size()) / d);
    const std::int64_t end = std::clamp<std::int64_t>(std::llround(share_so_far * static_cast<double>(n)), begin, n);
    const auto taken = std::span(rows).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    for (const std::int64_t row : taken) {
      const auto particle = clouds[i].samples.begin() + row * d;
      mixed.samples.insert(mixed.samples.end(), particle, particle + d);
    }
    append_weights(clouds[i].weights, taken, shares_[i].weight, mixed.weights);
    begin = end;
  }
  return mixed;
}

std::vector<double> Mixture::energy(const problems::FieldEnergy& field, const std::vector<double>& mu,
                                    std::span<const double> times) const {
  const auto largest = std::max_element(shares_.begin(), shares_.end(),
                                        [](const auto& a, const auto& b) { return a.weight < b.weight; });
  const std::vector<double>& frames = run_->times(largest->index);
  std::vector<double> energies;
  for (const double t : frames) {
    if (interrupt_requested()) throw Interrupted("evaluate was interrupted; nothing was written");
    const data::ParticleFrame mixed = particles(t);
    energies.push_back(field.of(mixed.samples, mixed.weights, mu));
  }
  return interpolate_linear(frames, energies, times);
}

}  // namespace scorefield::metrics
