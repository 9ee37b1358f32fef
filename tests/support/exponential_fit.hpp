#pragma once

#include <complex>
#include <vector>

namespace scorefield::test {

/// One term amplitude exp(rate t) of a signal.
struct ExponentialTerm {
  std::complex<double> rate;
  std::complex<double> amplitude;  ///< at the first sample
};

/// Fits `terms` complex exponentials to samples at distance dt by the matrix pencil method (Hua and Sarkar, 1990): the
/// poles are the eigenvalues of the shift on the leading right singular space of the Hankel matrix. Largest amplitude
/// first.
std::vector<ExponentialTerm> fit_exponentials(const std::vector<std::complex<double>>& samples, double dt, int terms);

}  // namespace scorefield::test
