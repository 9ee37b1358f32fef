// On its own, because decompositions of complex matrices take a minute to compile.

#include "tests/support/exponential_fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace scorefield::test {

std::vector<ExponentialTerm> fit_exponentials(const std::vector<std::complex<double>>& samples, double dt, int terms) {
  using Matrix = Eigen::MatrixXcd;
  const auto count = static_cast<Eigen::Index>(samples.size());
  const Eigen::Index pencil = count / 2;
  Matrix hankel(count - pencil, pencil + 1);
  for (Eigen::Index i = 0; i < hankel.rows(); ++i)
    for (Eigen::Index j = 0; j < hankel.cols(); ++j) hankel(i, j) = samples[static_cast<std::size_t>(i + j)];

  const Eigen::JacobiSVD<Matrix> svd(hankel, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Matrix space = svd.matrixV().leftCols(terms).conjugate();
  const Matrix early = space.topRows(pencil), late = space.bottomRows(pencil);
  const Eigen::VectorXcd poles = Matrix(early.colPivHouseholderQr().solve(late)).eigenvalues();

  Matrix powers(count, terms);
  Eigen::VectorXcd values(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    values(i) = samples[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < terms; ++j) powers(i, j) = std::pow(poles(j), static_cast<double>(i));
  }
  const Eigen::VectorXcd amplitudes = powers.colPivHouseholderQr().solve(values);

  std::vector<ExponentialTerm> fitted;
  for (Eigen::Index j = 0; j < terms; ++j) fitted.push_back({std::log(poles(j)) / dt, amplitudes(j)});
  std::sort(fitted.begin(), fitted.end(),
            [](const auto& a, const auto& b) { return std::abs(a.amplitude) > std::abs(b.amplitude); });
  return fitted;
}

}  // namespace scorefield::test
