#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <vector>

#include "models/normalizer.hpp"
#include "models/options.hpp"

namespace scorefield::models {

/// The part f of a drift that is known before any training, in normalised coordinates and time; the network learns the
/// rest:
///   dX/dt = f(X) + grad_x s.
/// Free streaming: positions move with their velocities, f_c = slope x_source + offset. It has no divergence.
class KnownDrift {
 public:
  /// @throws UsageError when free streaming is asked for and no coordinate is the velocity of another.
  KnownDrift(KnownDriftKind kind, const Normalizer& normalizer);

  [[nodiscard]] bool empty() const { return terms_.empty(); }

  /// field + f(x), both [..., d]; `field` itself where nothing is known.
  [[nodiscard]] torch::Tensor add_to(const torch::Tensor& field, const torch::Tensor& x) const;
  /// direction's image under f's derivative: tangent + (df/dx) direction, all [..., d].
  [[nodiscard]] torch::Tensor add_tangent(const torch::Tensor& tangent, const torch::Tensor& direction) const;
  /// target -= f(x) for rows of d numbers.
  void subtract_from(std::span<float> target, std::span<const float> x) const;

 private:
  struct Term {
    std::int64_t coordinate, source;
    double slope, offset;
  };
  std::int64_t dimension_;
  std::vector<Term> terms_;
};

}  // namespace scorefield::models
