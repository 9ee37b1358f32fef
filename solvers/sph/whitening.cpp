#include "solvers/sph/whitening.hpp"

#include "core/dense/dense.hpp"

namespace scorefield::sph {
namespace {

using dense::Matrix;
using dense::Vector;

/// Rows of d values as the columns of a cloud, and back.
Eigen::Map<const Matrix> columns(const std::vector<double>& rows, std::int64_t d) {
  return {rows.data(), d, static_cast<std::int64_t>(rows.size()) / d};
}
std::vector<double> rows(const Matrix& columns) { return {columns.data(), columns.data() + columns.size()}; }

Eigen::Map<const Vector> vector(const std::vector<double>& v) {
  return {v.data(), static_cast<std::int64_t>(v.size())};
}

/// The factor, whose rows are stored one after the other.
Matrix lower(const Whitening& whitening) { return columns(whitening.L, whitening.d).transpose(); }

}  // namespace

Whitening::Whitening(std::int64_t dimension)
    : d(dimension), mean(static_cast<std::size_t>(dimension), 0.0), L(rows(Matrix::Identity(dimension, dimension))) {}

Whitening Whitening::of(const std::vector<double>& x, std::int64_t d) {
  Whitening found(d);
  const Matrix points = columns(x, d);
  const Vector mean = points.rowwise().mean();
  Matrix covariance = dense::covariance(points, mean);
  const double floor = 1e-6 * covariance.diagonal().maxCoeff() + 1e-300;
  covariance.diagonal().array() += floor;
  found.mean = rows(mean);
  found.L = rows(dense::cholesky(covariance, "the cloud's covariance").transpose());
  return found;
}

std::vector<double> Whitening::to_x(const std::vector<double>& z) const {
  return rows(dense::product(lower(*this), columns(z, d)).colwise() + vector(mean));
}
std::vector<double> Whitening::to_z(const std::vector<double>& x) const {
  return rows(dense::solve_lower(lower(*this), columns(x, d).colwise() - vector(mean)));
}
std::vector<double> Whitening::gradient_in_z(const std::vector<double>& gradient) const {
  return rows(dense::transposed_product(lower(*this), columns(gradient, d)));
}
double Whitening::log_determinant() const { return columns(L, d).diagonal().array().log().sum(); }

}  // namespace scorefield::sph
