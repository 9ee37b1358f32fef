#include "training/metrics/training_baseline.hpp"

#include <algorithm>
#include <sstream>

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

bool TrainingBaseline::inside_range(const std::vector<double>& mu) const { return mu_.spans(mu); }

std::string TrainingBaseline::range_text() const {
  std::ostringstream text;
  for (std::size_t p = 0; p < run_.header().mu_names.size(); ++p) {
    const Range range = range_of(run_.header(), p);
    text << (p > 0 ? ", " : "") << range.low << " to " << range.high;
  }
  return text.str();
}

std::optional<data::MuWeights> TrainingBaseline::linear(const std::vector<double>& mu) const {
  return data::barycentric_weights(mu_, mu);
}

std::optional<data::MuWeights> TrainingBaseline::cubic(const std::vector<double>& mu) const {
  return data::cubic_weights(mu_, mu);
}

data::MuWeights TrainingBaseline::mixture(const std::vector<double>& mu) const {
  auto inside = linear(mu);
  return inside ? *std::move(inside) : data::inverse_distance_weights(mu_, mu);
}

std::vector<double> TrainingBaseline::combined_energy(const problems::FieldEnergy& field,
                                                      const data::MuWeights& weights,
                                                      std::span<const double> times) const {
  std::vector<double> result(times.size());
  for (const auto& [index, weight] : weights) {
    const std::vector<double> energy = run_.best_energy(field, index, times);
    for (std::size_t k = 0; k < result.size(); ++k) result[k] += weight * energy[k];
  }
  return result;
}

}  // namespace scorefield::metrics
