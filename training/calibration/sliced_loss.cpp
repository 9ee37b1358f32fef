#include "training/calibration/sliced_loss.hpp"

#include <torch/types.h>

#include <algorithm>
#include <numbers>

#include "solvers/integrators.hpp"

namespace scorefield::training {
namespace {

/// Separates the directions from every other use of the same seed.
constexpr std::uint64_t kDirectionStep = std::uint64_t{1} << 40;

/// Cells of equal probability over which the displacement of the quantiles is averaged for the curvature: particles
/// that pass each other leave the quantiles where they are.
constexpr std::int64_t kCells = 50;

}  // namespace

SlicedLoss::SlicedLoss(const models::Normalizer& normalizer, std::int64_t projections, std::uint64_t seed,
                       torch::Device device)
    : normalizer_(normalizer) {
  std::int64_t embedding = 0;
  for (const double period : normalizer.periods) embedding += period > 0 ? 2 : 1;
  const auto normals = integrators::step_noise(torch::empty({projections, embedding}), seed, kDirectionStep);
  directions_ = (normals / normals.norm(2, 1, true)).t().contiguous().to(device);
}

torch::Tensor SlicedLoss::embed(const torch::Tensor& x) const {
  std::vector<torch::Tensor> columns;
  for (std::int64_t c = 0; c < normalizer_.dimension(); ++c) {
    const auto value = x.select(1, c);
    if (normalizer_.periods[static_cast<std::size_t>(c)] == 0) {
      columns.push_back(value);
      continue;
    }
    const double radius = normalizer_.normalized_period(c) / (2 * std::numbers::pi);
    columns.push_back(radius * (value / radius).cos());
    columns.push_back(radius * (value / radius).sin());
  }
  return torch::stack(columns, 1);
}

torch::Tensor SlicedLoss::embed_tangent(const torch::Tensor& x, const torch::Tensor& dx) const {
  std::vector<torch::Tensor> columns;
  for (std::int64_t c = 0; c < normalizer_.dimension(); ++c) {
    const auto rate = dx.select(1, c);
    if (normalizer_.periods[static_cast<std::size_t>(c)] == 0) {
      columns.push_back(rate);
      continue;
    }
    const auto angle = x.select(1, c) * (2 * std::numbers::pi / normalizer_.normalized_period(c));
    columns.push_back(-rate * angle.sin());
    columns.push_back(rate * angle.cos());
  }
  return torch::stack(columns, 1);
}

torch::Tensor SlicedLoss::project(const torch::Tensor& x) const {
  return embed(x).matmul(directions_).t().contiguous();
}

double SlicedLoss::distance_squared(const torch::Tensor& a, const torch::Tensor& b) {
  return (std::get<0>(a.sort(1)) - std::get<0>(b.sort(1))).square().mean().item<double>();
}

SlicedLoss::Terms SlicedLoss::compare(const torch::Tensor& x, const torch::Tensor& dx,
                                      const torch::Tensor& observed) const {
  const auto [quantiles, order] = project(x).sort(1);
  const auto difference = quantiles - std::get<0>(observed.sort(1));
  Terms terms;
  terms.distance_squared = difference.square().mean().item<double>();
  if (!dx.defined()) return terms;
  const std::int64_t d = x.size(1), p = dx.size(1) / d;
  const std::int64_t size = std::max<std::int64_t>(1, x.size(0) / kCells), cells = x.size(0) / size;
  std::vector<torch::Tensor> displacement;
  for (std::int64_t j = 0; j < p; ++j) {
    const auto rate = embed_tangent(x, dx.narrow(1, j * d, d)).matmul(directions_).t().gather(1, order);
    terms.slope.push_back(2 * (difference * rate).mean().item<double>());
    displacement.push_back(rate.narrow(1, 0, cells * size).reshape({rate.size(0), cells, size}).mean(2));
  }
  for (const auto& a : displacement)
    for (const auto& b : displacement) terms.curvature.push_back(2 * (a * b).mean().item<double>());
  return terms;
}

}  // namespace scorefield::training
