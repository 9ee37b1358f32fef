// Products and decompositions against what defines them.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/dense/dense.hpp"
#include "core/error.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::dense {
namespace {

/// Entries without any symmetry, different for every (rows, columns).
Matrix some_matrix(Eigen::Index rows, Eigen::Index columns) {
  Matrix a(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i)
    for (Eigen::Index j = 0; j < columns; ++j)
      a(i, j) = std::sin(1.0 + 3.7 * static_cast<double>(i) + 0.9 * static_cast<double>(i * j + j));
  return a;
}

Matrix positive_definite(Eigen::Index d) {
  const Matrix a = some_matrix(d, d + 3);
  return product_transposed(a, a) + 0.1 * Matrix::Identity(d, d);
}

double entry(const Matrix& a, const Matrix& b, Eigen::Index i, Eigen::Index j) {
  double sum = 0;
  for (Eigen::Index k = 0; k < a.cols(); ++k) sum += a(i, k) * b(k, j);
  return sum;
}

TEST(Dense, ProductsAreSumsOverTheInnerIndex) {
  const Matrix a = some_matrix(5, 7), b = some_matrix(7, 4);
  const Matrix plain = product(a, b), left = transposed_product(a.transpose(), b),
               right = product_transposed(a, b.transpose());
  for (Eigen::Index i = 0; i < 5; ++i)
    for (Eigen::Index j = 0; j < 4; ++j)
      for (const Matrix* value : {&plain, &left, &right}) EXPECT_NEAR((*value)(i, j), entry(a, b, i, j), 1e-14);
}

TEST(Dense, CovarianceByHandAndByCountedRepetition) {
  Matrix x(2, 3);
  x << 0, 1, 5, 2, 2, -1;
  const Vector mean = x.rowwise().mean();
  Matrix expected(2, 2);
  expected << 14, -9, -9, 6;
  EXPECT_LT((covariance(x, mean) - expected / 3).norm(), 1e-14);
  // A weight of 2 is the point twice.
  Matrix twice(2, 4);
  twice << x, x.col(2);
  EXPECT_LT((covariance(x, mean, Vector(Eigen::Vector3d(1, 1, 2))) - covariance(twice, mean)).norm(), 1e-14);
}

TEST(Dense, CholeskyFactorsAndSolves) {
  const Matrix a = positive_definite(6), b = some_matrix(6, 9);
  const Matrix lower = cholesky(a, "a");
  EXPECT_EQ(lower(0, 5), 0);
  EXPECT_LT((product_transposed(lower, lower) - a).norm(), 1e-13 * a.norm());
  EXPECT_LT((product(lower, solve_lower(lower, b)) - b).norm(), 1e-12);
  EXPECT_LT((transposed_product(lower, solve_lower_transposed(lower, b)) - b).norm(), 1e-12);
  EXPECT_LT((a * solve_symmetric(a, b.col(0)) - b.col(0)).norm(), 1e-12);
}

TEST(Dense, CholeskySaysWhatItCannotFactor) {
  Matrix flat = Matrix::Zero(3, 3);
  flat(0, 0) = flat(1, 1) = 1;
  flat(2, 2) = -1;
  EXPECT_FALSE(try_cholesky(flat, "flat"));
  test::expect_error<Error>([&] { static_cast<void>(cholesky(flat, "the cloud's covariance")); },
                            {"the cloud's covariance", "not positive definite"});
  const Matrix nan = Matrix::Constant(2, 2, std::numeric_limits<double>::quiet_NaN());
  test::expect_error<Error>([&] { static_cast<void>(try_cholesky(nan, "a component")); },
                            {"a component", "not finite"});
}

TEST(Dense, SymmetricEigenvaluesAscendAndRebuildTheMatrix) {
  const Matrix a = positive_definite(7);
  const auto eigen = symmetric_eigen(a);
  for (Eigen::Index i = 1; i < 7; ++i) EXPECT_LE(eigen.values[i - 1], eigen.values[i]);
  EXPECT_LT((eigen.vectors * eigen.values.asDiagonal() * eigen.vectors.transpose() - a).norm(), 1e-12 * a.norm());
  EXPECT_LT((symmetric_eigenvalues(a) - eigen.values).norm(), 1e-12 * a.norm());
}

TEST(Dense, OrthogonalFactorIsARotation) {
  const Matrix q = orthogonal_factor(some_matrix(8, 8));
  EXPECT_LT((transposed_product(q, q) - Matrix::Identity(8, 8)).norm(), 1e-13);
}

}  // namespace
}  // namespace scorefield::dense
