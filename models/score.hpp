#pragma once

#include <torch/types.h>

#include <cstdint>

namespace scorefield {

/// A vector field that moves samples: dX/dt = drift(X, t). Time in the field's own units.
class Drift {
 public:
  virtual ~Drift() = default;
  /// Number of coordinates d.
  [[nodiscard]] virtual std::int64_t dimension() const = 0;
  /// x: [N, d] -> [N, d], same dtype and device, without an autograd graph.
  [[nodiscard]] virtual torch::Tensor drift(const torch::Tensor& x, double t) const = 0;
};

/// A target density known through the gradient of its logarithm: what samplers consume, and only this.
class Score {
 public:
  virtual ~Score() = default;
  [[nodiscard]] virtual std::int64_t dimension() const = 0;
  /// x: [N, d] -> grad_x log p(x), [N, d], without an autograd graph.
  [[nodiscard]] virtual torch::Tensor score(const torch::Tensor& x) const = 0;
};

}  // namespace scorefield
