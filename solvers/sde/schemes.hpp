#pragma once

#include <cstdint>
#include <vector>

#include "solvers/sde/brownian.hpp"
#include "solvers/sde/options.hpp"

namespace scorefield::sde {

/// One block of kLanes particles in the hands of an integrator. With h the step, dW the increment, s(x) = sigma g(x):
///
///   euler_maruyama   x' = x + h b(x, t) + s(x) dW
///   heun             y  = x + h b(x, t) + s(x) dW
///                    x' = x + h/2 (b(x, t) + b(y, t + h)) + s(x) dW + [s(x + h b + s sqrt h) - s(x)] (dW^2 - h) / (2
///                    sqrt h)
///   sra1             y  = x + 3/4 h b(x, t) + 3/2 s I_(1,0) / h
///                    x' = x + h (1/3 b(x, t) + 2/3 b(y, t + 3/4 h)) + s dW
///
/// The bracket of heun is Milstein's correction without a derivative (Kloeden and Platen, section 11.1); it vanishes
/// for additive noise. sra1: Roessler, SIAM J. Numer. Anal. 48 (2010) 922, additive noise.
class BlockStepper {
 public:
  /// `system` must outlive the stepper; `path` has one motion per noisy coordinate and steps of h.
  BlockStepper(const System& system, Scheme scheme, double h, BrownianPath path);

  /// x: [d, kLanes], from t to t + h.
  void step(double t, double* x);

 private:
  void euler_maruyama(double t, double* x);
  void heun(double t, double* x);
  void sra1(double t, double* x);

  void evaluate_noise(const double* x, std::vector<double>& s) const;
  void evaluate_milstein_correction(const double* x);

  const System& system_;
  Scheme scheme_;
  double h_;
  BrownianPath path_;
  std::vector<std::int64_t> noisy_;     ///< coordinates with noise; motion j drives coordinate noisy_[j]
  std::vector<double> b_, b_next_, y_;  ///< [d, kLanes]
  std::vector<double> s_, correction_;  ///< [d, kLanes]; amplitudes of the noise, Milstein correction
};

/// The coordinates whose sigma is not 0.
[[nodiscard]] std::vector<std::int64_t> noisy_coordinates(const System& system);

}  // namespace scorefield::sde
