#include "solvers/sph/whitening.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

namespace scorefield::sph {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<const RowMatrix>;

Rows rows_of(const std::vector<double>& x, std::int64_t d) { return {x.data(), static_cast<std::int64_t>(x.size()) / d, d}; }

template <class Expression>
std::vector<double> flat(const Expression& expression) {
  std::vector<double> values(static_cast<std::size_t>(expression.size()));
  Eigen::Map<RowMatrix>(values.data(), expression.rows(), expression.cols()) = expression;
  return values;
}

Eigen::Map<const Eigen::RowVectorXd> row(const std::vector<double>& v) { return {v.data(), static_cast<std::int64_t>(v.size())}; }

}  // namespace

Whitening::Whitening(std::int64_t dimension)
    : d(dimension), mean(static_cast<std::size_t>(dimension), 0.0), L(flat(RowMatrix::Identity(dimension, dimension))) {}

Whitening Whitening::of(const std::vector<double>& x, std::int64_t d) {
  Whitening found(d);
  const Rows points = rows_of(x, d);
  const Eigen::RowVectorXd mean = points.colwise().mean();
  const RowMatrix centred = points.rowwise() - mean;
  RowMatrix covariance = centred.transpose() * centred / static_cast<double>(points.rows());
  const double floor = 1e-6 * covariance.diagonal().maxCoeff() + 1e-300;
  covariance.diagonal().array() += floor;
  found.mean = flat(mean);
  found.L = flat(RowMatrix(Eigen::LLT<RowMatrix>(covariance).matrixL()));
  return found;
}

std::vector<double> Whitening::to_x(const std::vector<double>& z) const {
  return flat((rows_of(z, d) * rows_of(L, d).transpose()).rowwise() + row(mean));
}
std::vector<double> Whitening::to_z(const std::vector<double>& x) const {
  const RowMatrix centred = rows_of(x, d).rowwise() - row(mean);
  const RowMatrix factor = rows_of(L, d);
  return flat(RowMatrix(factor.triangularView<Eigen::Lower>().solve(centred.transpose())).transpose());
}
std::vector<double> Whitening::gradient_in_z(const std::vector<double>& gradient) const {
  return flat(rows_of(gradient, d) * rows_of(L, d));
}
double Whitening::log_determinant() const { return rows_of(L, d).diagonal().array().log().sum(); }

}  // namespace scorefield::sph
