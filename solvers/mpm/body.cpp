#include "solvers/mpm/body.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace scorefield::mpm {
namespace {

template <int D>
using Matrix = Eigen::Matrix<double, D, D, Eigen::RowMajor>;

template <int D>
Matrix<D> solid_stress(const MpmOptions& o, Matrix<D>& F) {
  using M = Matrix<D>;
  const double mu = o.young / (2 * (1 + o.poisson));
  const double lambda = o.young * o.poisson / ((1 + o.poisson) * (1 - 2 * o.poisson));
  const M one = M::Identity();
  const double J = F.determinant();
  const double safe = std::max(J, 1e-6);
  if (o.body == Body::neo_hookean) return mu * (F * F.transpose() - one) + lambda * std::log(safe) * one;
  if (o.body == Body::linear) {
    const M strain = 0.5 * (F + F.transpose()) - one;
    return 2 * mu * strain + lambda * strain.trace() * one;
  }
  if (o.body == Body::tait) return -((std::pow(safe, -o.gamma) - 1) * safe / o.gamma) * one;
  Eigen::JacobiSVD<Eigen::Matrix<double, D, D>> svd(F, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const auto& U = svd.matrixU();
  const auto& V = svd.matrixV();
  if (o.body == Body::corotated)
    return 2 * mu * (F - U * V.transpose()) * F.transpose() + lambda * (J - 1) * J * one;
  // von Mises: logarithmic strains; the deviator's stress stays below the yield stress.
  Eigen::Matrix<double, D, 1> strain = svd.singularValues().cwiseMax(1e-4).array().log();
  const double trace = strain.sum();
  Eigen::Matrix<double, D, 1> deviator = strain.array() - trace / D;
  const double norm = deviator.norm();
  const double excess = 2 * mu * norm - std::sqrt(2.0 / 3.0) * o.yield;
  if (excess > 0 && norm > 0) {
    deviator *= 1 - excess / (2 * mu * norm);
    strain = deviator.array() + trace / D;
    F = U * strain.array().exp().matrix().asDiagonal() * V.transpose();
  }
  const Eigen::Matrix<double, D, 1> stress = (2 * mu * strain).array() + lambda * trace;
  return U * stress.asDiagonal() * U.transpose();
}

template <int D>
void stress_in_place(const MpmOptions& options, double* F, double* tau) {
  Eigen::Map<Matrix<D>> deformation(F);
  Matrix<D> working = deformation;
  Eigen::Map<Matrix<D>> stress(tau);
  stress = solid_stress<D>(options, working);
  deformation = working;
}

}  // namespace

void kirchhoff_stress(const MpmOptions& options, int d, double* F, double* tau) {
  if (d == 1) stress_in_place<1>(options, F, tau);
  else if (d == 2) stress_in_place<2>(options, F, tau);
  else stress_in_place<3>(options, F, tau);
}

}  // namespace scorefield::mpm
