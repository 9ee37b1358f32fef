#pragma once

#include <array>

#include "data/problems/exact_potential.hpp"
#include "data/problems/oscillator.hpp"

namespace scorefield::problems {

/// The exact potential of the oscillator's stored positions, in the units of the problem (arXiv 2410.12000, first
/// example; action matching, arXiv 2210.06662). They are Gaussian in the plane, N((m, m), V), so the gradient field
/// that moves them, d_t rho = -div(rho grad s) + sigma^2/2 lap rho, belongs to
///
///     s(x, t) = m' (1, 1).y + a |y|^2 / 2,    y = x - (m, m),    a = (V' - sigma^2) / (2 V)
///
/// up to a function of time. x' is not observed, so this is not the oscillator's own velocity, but its mean at x.
class OscillatorPotential : public ExactPotential {
 public:
  using Point = std::array<double, 2>;

  /// sigma: noise of dX = grad s dt + sigma dW. @throws Error for mu = 0
  OscillatorPotential(const Oscillator& problem, double mu, double sigma = 0);

  [[nodiscard]] double value(const Point& x, double t) const;
  [[nodiscard]] Point gradient(const Point& x, double t) const;
  [[nodiscard]] double time_derivative(const Point& x, double t) const;
  [[nodiscard]] double laplacian(double t) const;
  [[nodiscard]] double log_density(const Point& x, double t) const;

  void gradient(std::span<const float> x, double t, std::span<double> values) const override;
  /// The mean of the population.
  [[nodiscard]] MovingPoint zero(double t) const override;

  /// What a quadrature rule in time sees of the action-matching loss:
  /// q(t) = E[|grad s|^2 / 2 + d_t s + sigma^2/2 lap s] = V''/2 - m'^2 - a^2 V.
  [[nodiscard]] double integrand(double t) const override;
  /// The loss over [0, end], int q dt - E[s(end)] + E[s(0)] = -1/2 int E[|grad s|^2] dt: the least of any potential.
  [[nodiscard]] double loss(double end) const;

 private:
  /// m, V, a and their derivatives at one time.
  struct Coefficients {
    double mean, slope, curvature;           ///< m, m', m''
    double variance, growth, growth_growth;  ///< V, V', V''
    double stretch, stretch_growth;          ///< a, a'
  };
  [[nodiscard]] Coefficients at(double t) const;

  Oscillator problem_;
  double mu_, sigma_;
};

}  // namespace scorefield::problems
