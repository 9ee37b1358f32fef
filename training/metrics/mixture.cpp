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
Mixture::Mixture(const Run& run, data::MuWeights shares, std::int64_t seed)
    : run_(&run), shares_(std::move(shares)), seed_(seed), in_file_order_(problems::made_by_a_problem(run.header())) {}

std::vector<std::int64_t> Mixture::order(std::int64_t count) const {
  if (!in_file_order_) return random_subset(count, count, static_cast<std::uint64_t>(seed_));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

std::vector<float> Mixture::samples(double time) const {
  if (shares_.size() == 1) return run_->samples(shares_[0].index, run_->nearest_frame(time));
  const std::int64_t d = run_->header().dimension();
  std::vector<std::vector<float>> clouds;
  std::int64_t n = std::numeric_limits<std::int64_t>::max();
  for (const data::MuWeight& share : shares_) {
    clouds.push_back(run_->samples(share.index, run_->nearest_frame(time)));
    n = std::min(n, static_cast<std::int64_t>(clouds.back().size()) / d);
  }
  std::vector<float> mixed;
  mixed.reserve(static_cast<std::size_t>(n * d));
  double share_so_far = 0;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < clouds.size(); ++i) {
    share_so_far += shares_[i].weight;
    const auto rows = order(static_cast<std::int64_t>(clouds[i].size()) / d);
    const std::int64_t end = std::clamp<std::int64_t>(std::llround(share_so_far * static_cast<double>(n)), begin, n);
    for (; begin < end; ++begin) {
      const auto particle = clouds[i].begin() + rows[static_cast<std::size_t>(begin)] * d;
      mixed.insert(mixed.end(), particle, particle + d);
    }
  }
  return mixed;
}

std::vector<double> Mixture::energy(const problems::Problem& problem, const std::vector<double>& mu,
                                    std::span<const double> times) const {
  const std::vector<double>& frames = run_->header().time;
  std::vector<double> energies;
  for (const double t : frames) {
    if (interrupt_requested()) throw Interrupted("evaluate was interrupted; nothing was written");
    energies.push_back(problem.electric_energy(samples(t), mu));
  }
  return interpolate_linear(frames, energies, times);
}

}  // namespace scorefield::metrics
