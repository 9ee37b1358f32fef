#include "core/dense/dense.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include "core/error.hpp"

namespace scorefield::dense {

Matrix product(const Matrix& a, const Matrix& b) { return a * b; }
Matrix transposed_product(const Matrix& a, const Matrix& b) { return a.transpose() * b; }
Matrix product_transposed(const Matrix& a, const Matrix& b) { return a * b.transpose(); }

Matrix covariance(const Matrix& x, const Vector& mean) {
  const Matrix z = x.colwise() - mean;
  return product_transposed(z, z) / static_cast<double>(x.cols());
}

Matrix covariance(const Matrix& x, const Vector& mean, const Vector& weights) {
  const Matrix z = x.colwise() - mean;
  return product_transposed(z * weights.asDiagonal(), z) / weights.sum();
}

std::optional<Matrix> try_cholesky(const Matrix& a, const std::string& what) {
  if (!a.allFinite()) throw Error(what + " is not finite.");
  const Eigen::LLT<Matrix> llt(a);
  if (llt.info() != Eigen::Success) return std::nullopt;
  return Matrix(llt.matrixL());
}

Matrix cholesky(const Matrix& a, const std::string& what) {
  auto lower = try_cholesky(a, what);
  if (!lower) throw Error(what + " is not positive definite: its points lie in a plane.");
  return std::move(*lower);
}

Matrix solve_lower(const Matrix& lower, const Matrix& b) { return lower.triangularView<Eigen::Lower>().solve(b); }

Matrix solve_lower_transposed(const Matrix& lower, const Matrix& b) {
  return lower.transpose().triangularView<Eigen::Upper>().solve(b);
}

Vector solve_symmetric(const Matrix& a, const Vector& b) { return a.ldlt().solve(b); }

SymmetricEigen symmetric_eigen(const Matrix& a) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(a);
  return {eigen.eigenvalues(), eigen.eigenvectors()};
}

Vector symmetric_eigenvalues(const Matrix& a) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(a, Eigen::EigenvaluesOnly).eigenvalues();
}

Matrix orthogonal_factor(const Matrix& a) { return a.householderQr().householderQ(); }

}  // namespace scorefield::dense
