#include "solvers/mpm/body.hpp"

#include <Eigen/LU>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace scorefield::mpm {
namespace {

// At most 3 x 3 and never on the heap; one type for all dimensions, as the decomposition is dear to compile.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, 3, 3>;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, 3, 3>;
using Vector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, 3, 1>;

double determinant(const Matrix& F) {
  if (F.rows() == 1) return F(0, 0);
  if (F.rows() == 2) return F(0, 0) * F(1, 1) - F(0, 1) * F(1, 0);
  return Eigen::Matrix3d(F).determinant();
}

Matrix solid_stress(const MpmOptions& o, Matrix& F) {
  const auto d = F.rows();
  const double mu = o.young / (2 * (1 + o.poisson));
  const double lambda = o.young * o.poisson / ((1 + o.poisson) * (1 - 2 * o.poisson));
  const Matrix one = Matrix::Identity(d, d);
  const double J = determinant(F);
  const double safe = std::max(J, 1e-6);
  if (o.body == Body::neo_hookean) return mu * (F * F.transpose() - one) + lambda * std::log(safe) * one;
  if (o.body == Body::linear) {
    const Matrix strain = 0.5 * (F + F.transpose()) - one;
    return (2 * mu * strain + lambda * strain.trace() * one) * F.transpose();
  }
  if (o.body == Body::tait) return -(std::max(std::pow(safe, -o.gamma) - 1, 0.0) * safe / o.gamma) * one;
  const Eigen::JacobiSVD<Matrix, Eigen::NoQRPreconditioner> svd(F, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const auto& U = svd.matrixU();
  const auto& V = svd.matrixV();
  if (o.body == Body::corotated) return 2 * mu * (F - U * V.transpose()) * F.transpose() + lambda * (J - 1) * J * one;
  // von Mises: logarithmic strains; the deviator's stress stays below the yield stress.
  Vector strain = svd.singularValues().cwiseMax(1e-4).array().log();
  const double trace = strain.sum();
  Vector deviator = strain.array() - trace / static_cast<double>(d);
  const double norm = deviator.norm();
  const double excess = 2 * mu * norm - std::sqrt(2.0 / 3.0) * o.yield;
  if (excess > 0 && norm > 0) {
    deviator *= 1 - excess / (2 * mu * norm);
    strain = deviator.array() + trace / static_cast<double>(d);
    F = U * strain.array().exp().matrix().asDiagonal() * V.transpose();
  }
  const Vector stress = (2 * mu * strain).array() + lambda * trace;
  return U * stress.asDiagonal() * U.transpose();
}

}  // namespace

void kirchhoff_stress(const MpmOptions& options, int d, double* F, double* tau) {
  Eigen::Map<RowMatrix> deformation(F, d, d);
  Matrix working = deformation;
  Eigen::Map<RowMatrix>(tau, d, d) = solid_stress(options, working);
  deformation = working;
}

double wave_speed(const MpmOptions& options, int d, const double* F) {
  if (options.body != Body::tait) return 1 + std::sqrt(options.young);
  const double J = determinant(Eigen::Map<const RowMatrix>(F, d, d));
  return std::pow(std::max(J, 1e-6), -0.5 * (options.gamma - 1));
}

}  // namespace scorefield::mpm
