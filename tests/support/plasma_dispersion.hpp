#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace scorefield::test {

using Complex = std::complex<double>;

/// Plasma dispersion function Z(zeta) = i sqrt(pi) w(zeta), the Faddeeva function w by Weideman's rational expansion
/// (SIAM J. Numer. Anal. 31, 1994, 64 terms: about 1e-13 in the upper half plane), continued below by
/// w(z) = 2 exp(-z^2) - w(-z).
class PlasmaDispersionFunction {
 public:
  PlasmaDispersionFunction() {
    // Coefficients of (L^2 + t^2) exp(-t^2) in the Fourier basis of t = L tan(theta / 2).
    constexpr int kSamples = 4 * kTerms;
    for (int n = 1; n <= kTerms; ++n) {
      double sum = 0;
      for (int j = 1 - kSamples / 2; j < kSamples / 2; ++j) {
        const double theta = 2 * std::numbers::pi * j / kSamples;
        const double t = scale_ * std::tan(theta / 2);
        sum += std::exp(-t * t) * (scale_ * scale_ + t * t) * std::cos(n * theta);
      }
      coefficient_[n - 1] = sum / kSamples;
    }
  }

  [[nodiscard]] Complex operator()(Complex zeta) const {
    return Complex(0, std::sqrt(std::numbers::pi)) * faddeeva(zeta);
  }

 private:
  [[nodiscard]] Complex faddeeva(Complex z) const {
    if (z.imag() < 0) return 2.0 * std::exp(-z * z) - faddeeva(-z);
    const Complex iz(-z.imag(), z.real());
    const Complex ratio = (scale_ + iz) / (scale_ - iz);
    Complex polynomial = 0;
    for (int n = kTerms - 1; n >= 0; --n) polynomial = polynomial * ratio + coefficient_[n];
    return 2.0 * polynomial / ((scale_ - iz) * (scale_ - iz)) + 1 / std::sqrt(std::numbers::pi) / (scale_ - iz);
  }

  static constexpr int kTerms = 64;
  double scale_ = std::pow(2.0, -0.25) * std::sqrt(static_cast<double>(kTerms));
  double coefficient_[kTerms];
};

struct Maxwellian {
  double density, drift, thermal;
};

/// Longitudinal waves exp(i (k x - omega t)) of drifting Maxwellians, plasma frequency 1 / mu:
/// D = 1 + sum_s density_s / (mu k thermal_s)^2 (1 + zeta Z(zeta)), zeta = (omega / k - drift_s) / (sqrt 2 thermal_s).
class DispersionRelation {
 public:
  DispersionRelation(std::vector<Maxwellian> beams, double mu, double k) : beams_(std::move(beams)), mu_(mu), k_(k) {}

  [[nodiscard]] Complex operator()(Complex omega) const {
    Complex sum = 1;
    for (const auto& [density, drift, thermal] : beams_) {
      const Complex zeta = (omega / k_ - drift) / (std::numbers::sqrt2 * thermal);
      const double scale = mu_ * k_ * thermal;
      sum += density / (scale * scale) * (1.0 + zeta * z_(zeta));
    }
    return sum;
  }

  /// The root that Newton's method reaches from `guess`. Throws when it reaches none.
  [[nodiscard]] Complex root(Complex omega) const {
    for (int iteration = 0; iteration < 100; ++iteration) {
      const double h = 1e-5;
      const Complex slope = ((*this)(omega + h) - (*this)(omega - h)) / (2 * h);
      const Complex step = (*this)(omega) / slope;
      omega -= step;
      if (std::abs(step) < 1e-12) return omega;
    }
    throw std::runtime_error("the dispersion relation has no root near the guess");
  }

 private:
  std::vector<Maxwellian> beams_;
  double mu_, k_;
  PlasmaDispersionFunction z_;
};

}  // namespace scorefield::test
