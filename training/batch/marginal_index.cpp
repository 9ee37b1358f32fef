#include "training/batch/marginal_index.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/range.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

/// Both ends, and of the other times a random share; of these the inner ones. stored: of one mu
MarginalIndex::Times choose_times(const std::vector<double>& stored, const models::Normalizer& normalizer,
                                  double keep_times, std::uint64_t seed, bool inner) {
  MarginalIndex::Times times;
  const std::int64_t last = static_cast<std::int64_t>(stored.size()) - 1;
  for (std::int64_t k = 0; k <= last; ++k) {
    const bool end = k == 0 || k == last;
    if (inner && end) continue;
    if (!end && uniform(seed, kMissingStream, static_cast<std::uint64_t>(k)) >= keep_times) continue;
    times.frame.push_back(k);
    times.time.push_back(normalizer.normalized_time(stored[static_cast<std::size_t>(k)]));
  }
  if (inner && times.frame.empty() && last > 1)
    throw UsageError("option 'batch.keep_times' = " + number_text(keep_times) +
                     " leaves a run no frame between its ends, of which differences could be taken. Keep more.");
  return times;
}

}  // namespace

MarginalIndex::MarginalIndex(const data::DatasetHeader& header, const models::Normalizer& normalizer,
                             const BatchOptions& options, std::uint64_t seed, bool inner)
    : options_(options) {
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto& stored = header.times(m);
    times_.push_back(choose_times(stored, normalizer, options.keep_times,
                                  derive_seed(seed, kMissingStream, static_cast<std::uint64_t>(m)), inner));
    if (!header.ragged()) continue;
    times_.back().start = normalizer.normalized_time(stored.front());
    times_.back().span = normalizer.normalized_time(stored.back()) - times_.back().start;
  }
}

std::vector<double> MarginalIndex::Times::shares() const {
  std::vector<double> result = time;
  for (double& t : result) t = (t - start) / span;
  return result;
}

std::size_t MarginalIndex::Times::nearest(double t) const {
  auto k =
      std::min(static_cast<std::size_t>(std::lower_bound(time.begin(), time.end(), t) - time.begin()), time.size() - 1);
  if (k > 0 && t - time[k - 1] < time[k] - t) --k;
  return k;
}

std::vector<std::int64_t> MarginalIndex::choose_mu(std::uint64_t step_seed) const {
  const std::int64_t available = mu_count();
  std::vector<std::int64_t> order;
  for (std::int64_t round = 0; static_cast<std::int64_t>(order.size()) < options_.mu; ++round) {
    std::vector<std::int64_t> shuffled(static_cast<std::size_t>(available));
    std::iota(shuffled.begin(), shuffled.end(), 0);
    const Philox random(step_seed, kMuStream);
    for (std::int64_t i = available - 1; i > 0; --i) {
      const auto j =
          random.integer(static_cast<std::uint64_t>(round * available + i), static_cast<std::uint64_t>(i + 1));
      std::swap(shuffled[static_cast<std::size_t>(i)], shuffled[j]);
    }
    order.insert(order.end(), shuffled.begin(), shuffled.end());
  }
  order.resize(static_cast<std::size_t>(options_.mu));
  return order;
}

double MarginalIndex::choose_time(std::uint64_t step_seed, std::size_t mu, std::int64_t node) const {
  const auto index = mu * static_cast<std::uint64_t>(options_.nodes) + static_cast<std::uint64_t>(node);
  return (static_cast<double>(node) + uniform(step_seed, kTimeStream, index)) / static_cast<double>(options_.nodes);
}

std::vector<MarginalIndex::Marginal> MarginalIndex::choose_stored(std::uint64_t step_seed) const {
  const auto mu = choose_mu(step_seed);
  std::vector<Marginal> chosen;
  for (std::size_t m = 0; m < mu.size(); ++m)
    for (std::int64_t q = 0; q < options_.nodes; ++q) {
      const auto& stored = times(mu[m]);
      const auto k = stored.nearest(stored.at(choose_time(step_seed, m, q)));
      chosen.push_back({mu[m], stored.time[k], stored.frame[k]});
    }
  return chosen;
}

}  // namespace scorefield::training
