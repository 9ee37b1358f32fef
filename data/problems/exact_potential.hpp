#pragma once

#include <span>
#include <vector>

namespace scorefield::problems {

/// The potential s(x, t) whose gradient moves a problem's population at one mu, d_t rho = -div(rho grad s), in closed
/// form. Units of the problem.
class ExactPotential {
 public:
  virtual ~ExactPotential() = default;

  /// x, values: [N, d] row-major; values = grad s.
  virtual void gradient(std::span<const float> x, double t, std::span<double> values) const = 0;

  /// q(t) = E[|grad s|^2 / 2 + d_t s], what a quadrature rule in time sees of the action-matching loss.
  [[nodiscard]] virtual double integrand(double t) const = 0;

  /// The potential is known up to a function of time; this one vanishes at a point that moves.
  struct MovingPoint {
    std::vector<double> position, velocity;  ///< [d]
  };
  [[nodiscard]] virtual MovingPoint zero(double t) const = 0;
};

}  // namespace scorefield::problems
