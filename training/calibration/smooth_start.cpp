#include "training/calibration/smooth_start.hpp"

#include <torch/types.h>

#include <optional>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

/// Of the central differences, in half ranges of the parameter: small beside the range, large beside the rounding of
/// stored coordinates.
constexpr double kStep = 0.01;

/// Root mean square by which particles may move over two such steps. Independent draws differ by about 1.4.
constexpr double kSmooth = 0.1;

/// b - a, the short way round in periodic coordinates. [N, d]
torch::Tensor displacement(const torch::Tensor& a, const torch::Tensor& b, const models::Normalizer& normalizer) {
  auto difference = b - a;
  for (std::int64_t c = 0; c < normalizer.dimension(); ++c) {
    const double period = normalizer.normalized_period(c);
    if (period > 0) difference.select(1, c).sub_(period * (difference.select(1, c) / period).round());
  }
  return difference;
}

}  // namespace

void SmoothStart::use_numbers_of(const std::vector<double>& mu) {
  if (start_ == nullptr) return;
  numbers_of_ = mu;
  fixed_ = torch::Tensor();
  const auto moved = tangent(mu) * (2 * kStep);
  const double spread = moved.square().mean().sqrt().item<double>();
  if (!start_->knows_every_mu() || !(spread > 0) || spread > kSmooth) fixed_ = at(mu);
}

torch::Tensor SmoothStart::made(const std::vector<double>& mu) const {
  auto samples = start_->with_numbers_of(numbers_of_.empty() ? mu : numbers_of_, mu);
  const auto physical = torch::from_blob(samples.data(), {start_->particles(), normalizer_.dimension()});
  return frames_.normalised(physical.to(device_));
}

torch::Tensor SmoothStart::at(const std::vector<double>& mu) const { return fixed_.defined() ? fixed_ : made(mu); }

torch::Tensor SmoothStart::tangent(const std::vector<double>& mu) const {
  if (fixed_.defined())
    return torch::zeros({fixed_.size(0), fixed_.size(1) * static_cast<std::int64_t>(mu.size())}, fixed_.options());
  std::vector<torch::Tensor> blocks;
  const auto& known = start_->training_mu();
  for (std::size_t j = 0; j < mu.size(); ++j)
    blocks.push_back(known.low()[j] < known.high()[j]
                         ? tangent_along(mu, j)
                         : torch::zeros({start_->particles(), normalizer_.dimension()}, frames_.options()));
  return torch::cat(blocks, 1);
}

torch::Tensor SmoothStart::tangent_along(const std::vector<double>& mu, std::size_t parameter) const {
  const auto beside = [&](double step) -> std::optional<torch::Tensor> {
    auto there = mu;
    there[parameter] += step * normalizer_.mu_scale[parameter];
    try {
      return made(there);
    } catch (const UsageError&) {  // beyond the values that the parameter can have
      return std::nullopt;
    }
  };
  const auto below = beside(-kStep), above = beside(kStep);
  if (below && above) return displacement(*below, *above, normalizer_) / (2 * kStep);
  const auto here = made(mu);
  if (above) return displacement(here, *above, normalizer_) / kStep;
  return below ? displacement(*below, here, normalizer_) / kStep : torch::zeros_like(here);
}

}  // namespace scorefield::training
