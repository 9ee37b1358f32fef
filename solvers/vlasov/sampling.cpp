#include "solvers/vlasov/sampling.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::vlasov {
namespace {

/// The u in [0, 1] with left u + (right - left) u^2 / 2 = part: the inverse of the integral of a linear function.
double invert_linear(double left, double right, double part) {
  const double root = std::sqrt(std::max(0.0, left * left + 2 * (right - left) * part));
  const double sum = left + root;
  return sum > 0 ? std::clamp(2 * part / sum, 0.0, 1.0) : 0.5;
}

}  // namespace

GridSampler::GridSampler(std::span<const double> f, std::span<const double> velocities, double box_length)
    : f_(f),
      velocities_(velocities),
      box_length_(box_length),
      cells_(f.size() / velocities.size()),
      count_(velocities.size()),
      row_cumulative_(f.size()),
      density_(cells_),
      cumulative_(cells_ + 1) {
  double negative = 0, positive = 0;
  for (std::size_t i = 0; i < cells_; ++i) {
    const double* row = f.data() + i * count_;
    double* sum = row_cumulative_.data() + i * count_;
    for (std::size_t j = 0; j < count_; ++j) {
      (row[j] < 0 ? negative : positive) += std::abs(row[j]);
      if (j > 0) sum[j] = sum[j - 1] + 0.5 * (std::max(row[j - 1], 0.0) + std::max(row[j], 0.0));
    }
    density_[i] = sum[count_ - 1];
  }
  for (std::size_t i = 0; i < cells_; ++i)
    cumulative_[i + 1] = cumulative_[i] + 0.5 * (density_[i] + density_[(i + 1) % cells_]);
  if (!(cumulative_.back() > 0) || !std::isfinite(cumulative_.back()))
    throw Error("cannot draw samples: f has no positive mass.");
  negative_share_ = negative / positive;
}

double GridSampler::cumulative(std::size_t left, std::size_t right, double weight, std::size_t j) const {
  return (1 - weight) * row_cumulative_[left * count_ + j] + weight * row_cumulative_[right * count_ + j];
}

std::array<double, 2> GridSampler::draw(double along_x, double along_v) const {
  const double wanted = along_x * cumulative_.back();
  const auto above = std::upper_bound(cumulative_.begin() + 1, cumulative_.end() - 1, wanted);
  const auto left = static_cast<std::size_t>(above - cumulative_.begin() - 1), right = (left + 1) % cells_;
  const double weight = invert_linear(density_[left], density_[right], wanted - cumulative_[left]);
  const double x = box_length_ * (static_cast<double>(left) + weight) / static_cast<double>(cells_);

  const double target = along_v * cumulative(left, right, weight, count_ - 1);
  std::size_t low = 0, high = count_ - 1;  // cumulative(low) <= target < cumulative(high)
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (cumulative(left, right, weight, middle) <= target ? low : high) = middle;
  }
  const auto value = [&](std::size_t j) {
    return (1 - weight) * std::max(f_[left * count_ + j], 0.0) + weight * std::max(f_[right * count_ + j], 0.0);
  };
  const double part = invert_linear(value(low), value(high), target - cumulative(left, right, weight, low));
  const double v = velocities_[low] + part * (velocities_[high] - velocities_[low]);
  return {x < box_length_ ? x : 0, v};
}

}  // namespace scorefield::vlasov
