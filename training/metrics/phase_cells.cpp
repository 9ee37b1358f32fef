#include "training/metrics/phase_cells.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::metrics {

PhaseCells::PhaseCells(const StateSpace& space) : low_(space.low) {
  if (space.dimension() > kMostCoordinates) throw Error("cells of phase space are for at most 3 coordinates");
  for (std::size_t k = 0; k < low_.size(); ++k) {
    const double width = space.high[k] - low_[k];
    per_unit_.push_back(width > 0 ? static_cast<double>(kPerCoordinate) / width : 0);
  }
}

std::vector<float> PhaseCells::shares(const PointCloud& cloud) const {
  const auto d = static_cast<std::int64_t>(low_.size());
  std::size_t cells = 1;
  for (std::int64_t k = 0; k < d; ++k) cells *= kPerCoordinate;
  std::vector<double> sums(cells);
  double total = 0;
  for (std::int64_t i = 0; i < cloud.count(); ++i) {
    std::size_t cell = 0;
    for (std::int64_t k = 0; k < d; ++k) {
      const double at = (cloud.values[i * d + k] - low_[k]) * per_unit_[k];
      const auto last = static_cast<double>(kPerCoordinate - 1);
      cell = cell * kPerCoordinate + static_cast<std::size_t>(std::clamp(std::floor(at), 0.0, last));
    }
    const double weight = cloud.weights.empty() ? 1 : cloud.weights[i];
    sums[cell] += weight;
    total += weight;
  }
  if (!(total > 0)) throw Error("a cloud whose points have no weight has no distribution");
  std::vector<float> shares(cells);
  std::transform(sums.begin(), sums.end(), shares.begin(), [&](double sum) { return static_cast<float>(sum / total); });
  return shares;
}

double total_variation(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) throw Error("shares of different cells cannot be compared");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - b[i]);
  return sum / 2;
}

}  // namespace scorefield::metrics
