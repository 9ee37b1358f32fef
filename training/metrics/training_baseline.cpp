#include "training/metrics/training_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "data/mu_set.hpp"

namespace scorefield::metrics {
namespace {

struct Range {
  double low;
  double high;
};

Range range_of(const data::DatasetHeader& header, std::size_t parameter) {
  Range range{header.mu.front()[parameter], header.mu.front()[parameter]};
  for (const auto& mu : header.mu) {
    range.low = std::min(range.low, mu[parameter]);
    range.high = std::max(range.high, mu[parameter]);
  }
  return range;
}

}  // namespace

bool TrainingBaseline::inside_range(const std::vector<double>& mu) const {
  return data::MuSet(run_.header().mu).spans(mu);
}

std::string TrainingBaseline::range_text() const {
  std::ostringstream text;
  for (std::size_t p = 0; p < run_.header().mu_names.size(); ++p) {
    const Range range = range_of(run_.header(), p);
    text << (p > 0 ? ", " : "") << range.low << " to " << range.high;
  }
  return text.str();
}

std::optional<TrainingBaseline::Neighbours> TrainingBaseline::neighbours(const std::vector<double>& mu) const {
  if (mu.size() != 1 || !inside_range(mu)) return std::nullopt;
  const std::int64_t near = nearest(mu);
  Neighbours found{near, near, 0};

  // The nearest run on the other side of mu; without one, mu is an end of the range.
  const double distance = mu[0] - run_.header().mu[near][0];
  if (is_training_mu(mu)) return found;
  double gap = 0;
  for (std::int64_t i = 0; i < run_.header().mu_count(); ++i) {
    const double beyond = (run_.header().mu[i][0] - mu[0]) * (distance > 0 ? 1 : -1);
    if (beyond > 0 && (found.far == near || beyond < gap)) {
      found.far = i;
      gap = beyond;
    }
  }
  if (found.far != near) found.weight = std::abs(distance) / (std::abs(distance) + gap);
  return found;
}

std::optional<std::vector<double>> TrainingBaseline::interpolated_energy(const problems::Problem& problem,
                                                                         const std::vector<double>& mu,
                                                                         std::span<const double> times) const {
  const auto around = neighbours(mu);
  if (!around) return std::nullopt;
  std::vector<double> result = run_.best_energy(problem, around->near, times);
  if (around->weight == 0) return result;
  const std::vector<double> far = run_.best_energy(problem, around->far, times);
  for (std::size_t k = 0; k < result.size(); ++k)
    result[k] = (1 - around->weight) * result[k] + around->weight * far[k];
  return result;
}

}  // namespace scorefield::metrics
