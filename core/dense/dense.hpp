#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>

/// Dense linear algebra of Eigen behind plain functions: its blocked products and decompositions are templates that
/// every source which spells them compiles again, seconds each. Element-wise work and products with a vector are
/// written with Eigen where they are needed. Particles are columns throughout: a cloud is [d, N].
namespace scorefield::dense {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// A B, A' B and A B'.
[[nodiscard]] Matrix product(const Matrix& a, const Matrix& b);
[[nodiscard]] Matrix transposed_product(const Matrix& a, const Matrix& b);
[[nodiscard]] Matrix product_transposed(const Matrix& a, const Matrix& b);

/// Sum of weight_i (x_i - mean)(x_i - mean)' over a cloud's columns, divided by the sum of the weights; without weights
/// all are 1. [d, d].
[[nodiscard]] Matrix covariance(const Matrix& x, const Vector& mean);
[[nodiscard]] Matrix covariance(const Matrix& x, const Vector& mean, const Vector& weights);

/// The lower triangular L with L L' = a. Where a symmetric a is not positive definite: nothing, or for the second an
/// error.
/// @throws Error that says that `what` is not finite or not positive definite.
[[nodiscard]] std::optional<Matrix> try_cholesky(const Matrix& a, const std::string& what);
[[nodiscard]] Matrix cholesky(const Matrix& a, const std::string& what);
/// x with L x = b, and with L' x = b, for a lower triangular L.
[[nodiscard]] Matrix solve_lower(const Matrix& lower, const Matrix& b);
[[nodiscard]] Matrix solve_lower_transposed(const Matrix& lower, const Matrix& b);

/// x with a x = b for a symmetric, positive semidefinite a (pivoted L D L').
[[nodiscard]] Vector solve_symmetric(const Matrix& a, const Vector& b);

struct SymmetricEigen {
  Vector values;   ///< ascending, [d]
  Matrix vectors;  ///< in columns, [d, d]
};
[[nodiscard]] SymmetricEigen symmetric_eigen(const Matrix& a);
/// The values alone, a fraction of the work.
[[nodiscard]] Vector symmetric_eigenvalues(const Matrix& a);

/// The orthogonal factor of a square matrix: a random rotation when a's entries are normal.
[[nodiscard]] Matrix orthogonal_factor(const Matrix& a);

}  // namespace scorefield::dense
