#include "training/metrics/anderson.hpp"

#include <algorithm>

#include "core/dense/dense.hpp"

namespace scorefield::metrics {
namespace {

using Vector = Eigen::Map<const Eigen::VectorXf>;
using Changes = Eigen::Map<const Eigen::MatrixXf>;

constexpr double kRegularisation = 1e-10;  // of the normal equations, relative to their trace
constexpr double kRestartGrowth = 4.0;     // of the squared residual

Vector as_vector(std::span<const float> values) { return {values.data(), static_cast<Eigen::Index>(values.size())}; }

double squared_norm(std::span<const std::span<const float>> blocks) {
  double sum = 0;
  for (const auto& block : blocks) sum += as_vector(block).cast<double>().squaredNorm();
  return sum;
}

}  // namespace

AndersonMixer::AndersonMixer(const std::vector<std::int64_t>& block_sizes, std::int64_t memory, float damping)
    : memory_(memory), damping_(damping) {
  for (const std::int64_t size : block_sizes) {
    const auto n = static_cast<std::size_t>(size);
    const auto history = n * static_cast<std::size_t>(memory);
    blocks_.push_back(
        {std::vector<float>(n), std::vector<float>(n), std::vector<float>(history), std::vector<float>(history)});
  }
}

void AndersonMixer::advance(std::span<const std::span<float>> points,
                            std::span<const std::span<const float>> residuals) {
  const double norm = squared_norm(residuals);
  if (has_last_ && norm > kRestartGrowth * smallest_) {
    has_last_ = false;
    recorded_ = 0;
  }
  smallest_ = has_last_ ? std::min(smallest_, norm) : norm;
  record(points, residuals);
  const std::vector<float> gamma = coefficients(residuals);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const auto n = static_cast<Eigen::Index>(points[b].size());
    const auto used = static_cast<Eigen::Index>(gamma.size());
    Eigen::Map<Eigen::VectorXf> point(points[b].data(), n);
    point += damping_ * as_vector(residuals[b]);
    if (used == 0) continue;
    const Changes point_changes(blocks_[b].point_changes.data(), n, used);
    const Changes residual_changes(blocks_[b].residual_changes.data(), n, used);
    point -= (point_changes + damping_ * residual_changes) * as_vector(gamma);
  }
}

void AndersonMixer::record(std::span<const std::span<float>> points,
                           std::span<const std::span<const float>> residuals) {
  const auto slot = static_cast<std::size_t>(recorded_ % memory_);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    Block& block = blocks_[b];
    const std::size_t n = points[b].size();
    for (std::size_t i = 0; has_last_ && i < n; ++i) {
      block.point_changes[slot * n + i] = points[b][i] - block.last_point[i];
      block.residual_changes[slot * n + i] = residuals[b][i] - block.last_residual[i];
    }
    std::copy(points[b].begin(), points[b].end(), block.last_point.begin());
    std::copy(residuals[b].begin(), residuals[b].end(), block.last_residual.begin());
  }
  if (has_last_) ++recorded_;
  has_last_ = true;
}

std::vector<float> AndersonMixer::coefficients(std::span<const std::span<const float>> residuals) const {
  const auto used = static_cast<Eigen::Index>(std::min(recorded_, memory_));
  if (used == 0) return {};
  dense::Matrix normal = dense::Matrix::Zero(used, used);
  dense::Vector right = dense::Vector::Zero(used);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const dense::Matrix changes =
        Changes(blocks_[b].residual_changes.data(), static_cast<Eigen::Index>(residuals[b].size()), used)
            .cast<double>();
    normal += dense::transposed_product(changes, changes);
    right += changes.transpose() * as_vector(residuals[b]).cast<double>();
  }
  normal.diagonal().array() += kRegularisation * normal.trace();
  const dense::Vector gamma = dense::solve_symmetric(normal, right);
  if (!gamma.allFinite()) return {};
  std::vector<float> result(static_cast<std::size_t>(used));
  std::transform(gamma.begin(), gamma.end(), result.begin(), [](double g) { return static_cast<float>(g); });
  return result;
}

}  // namespace scorefield::metrics
