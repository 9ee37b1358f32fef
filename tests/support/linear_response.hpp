#pragma once

#include <cmath>
#include <complex>
#include <vector>

#include "tests/support/exponential_fit.hpp"
#include "tests/support/plasma_dispersion.hpp"

namespace scorefield::test {

/// Every `stride`-th sample of a signal between two times.
inline std::vector<Complex> excerpt(const std::vector<Complex>& signal, double dt, double from, double to, int stride) {
  std::vector<Complex> part;
  for (auto i = static_cast<std::size_t>(std::lround(from / dt)); i <= static_cast<std::size_t>(std::lround(to / dt));
       i += static_cast<std::size_t>(stride))
    part.push_back(signal.at(i));
  return part;
}

/// The response to a small perturbation: half of the difference of two runs with opposite perturbations of the same
/// particles, in which their sampling noise cancels to first order. `run(sign)` gives the complex amplitude of a mode.
template <class Run>
std::vector<Complex> linear_response(Run&& run) {
  std::vector<Complex> response;
  for (const double sign : {1.0, -1.0}) {
    const std::vector<Complex> signal = run(sign);
    response.resize(signal.size());
    for (std::size_t i = 0; i < signal.size(); ++i) response[i] += 0.5 * sign * signal[i];
  }
  return response;
}

/// The term of a fit whose complex frequency, exp(-i omega t), is nearest to `omega`.
inline Complex nearest_frequency(const std::vector<ExponentialTerm>& terms, Complex omega) {
  Complex best = 1e9;
  for (const auto& term : terms) {
    const Complex found = term.rate * Complex(0, 1);  // rate = -i omega
    if (std::abs(found - omega) < std::abs(best - omega)) best = found;
  }
  return best;
}

}  // namespace scorefield::test
