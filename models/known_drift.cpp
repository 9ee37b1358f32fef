#include "models/known_drift.hpp"

#include <torch/types.h>

#include "core/error.hpp"

namespace scorefield::models {

KnownDrift::KnownDrift(KnownDriftKind kind, const Normalizer& normalizer) : dimension_(normalizer.dimension()) {
  if (kind == KnownDriftKind::none) return;
  const auto& velocity = normalizer.velocity_of;
  for (std::size_t c = 0; c < velocity.size(); ++c) {
    if (velocity[c] < 0) continue;
    const auto v = static_cast<std::size_t>(velocity[c]);
    const double per_unit = normalizer.time_span / normalizer.scale[c];
    terms_.push_back(
        {static_cast<std::int64_t>(c), velocity[c], per_unit * normalizer.scale[v], per_unit * normalizer.center[v]});
  }
  if (terms_.empty())
    throw UsageError(
        "model.known_drift = free-streaming: no coordinate of these data is the velocity of another one. Pairs are "
        "known by "
        "their names: x and v, or NAME and vNAME (x and vx). Name them so, or train with model.known_drift = none.");
}

torch::Tensor KnownDrift::add_to(const torch::Tensor& field, const torch::Tensor& x) const {
  if (empty()) return field;
  auto sum = field.clone();
  for (const auto& term : terms_)
    sum.select(-1, term.coordinate).add_(x.select(-1, term.source), term.slope).add_(term.offset);
  return sum;
}

torch::Tensor KnownDrift::add_tangent(const torch::Tensor& tangent, const torch::Tensor& direction) const {
  if (empty()) return tangent;
  auto sum = tangent.clone();
  for (const auto& term : terms_) sum.select(-1, term.coordinate).add_(direction.select(-1, term.source), term.slope);
  return sum;
}

void KnownDrift::subtract_from(std::span<float> target, std::span<const float> x) const {
  const auto d = static_cast<std::size_t>(dimension_);
  for (const auto& term : terms_) {
    const auto c = static_cast<std::size_t>(term.coordinate), v = static_cast<std::size_t>(term.source);
    const auto slope = static_cast<float>(term.slope), offset = static_cast<float>(term.offset);
    for (std::size_t i = 0; i < target.size(); i += d) target[i + c] -= slope * x[i + v] + offset;
  }
}

}  // namespace scorefield::models
