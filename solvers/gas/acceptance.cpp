#include "solvers/gas/acceptance.hpp"

#include <cmath>
#include <cstdio>

namespace scorefield::gas {
namespace {

constexpr std::int64_t kWaves = 48, kMostCompared = 500;
constexpr std::uint64_t kWaveSeed = 0x57e1;

double mean_distance(const Matrix& x, const Matrix& y) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.cols(); ++i) sum += (y.colwise() - x.col(i)).colwise().norm().sum();
  return sum / static_cast<double>(x.cols() * y.cols());
}

}  // namespace

EnergyDistance energy_distance(const Matrix& x, const Matrix& y) {
  const double xx = mean_distance(x, x), yy = mean_distance(y, y);
  return {2 * mean_distance(x, y) - xx - yy, xx / static_cast<double>(x.cols()) + yy / static_cast<double>(y.cols())};
}

SteinResidual stein_residual(const Cloud& cloud, const Mixture::Component& component) {
  const auto d = cloud.dimension();
  const double width = 2 * static_cast<double>(d);
  Matrix direction = normals(d, kWaves, kWaveSeed, 0);
  direction.colwise().normalize();
  const Vector u = uniforms(2 * kWaves, kWaveSeed, 1);
  const Matrix z = dense::solve_lower(component.factor, cloud.x.colwise() - component.mean);
  const Matrix along = dense::transposed_product(direction, z);
  const Matrix pull = dense::transposed_product(direction, dense::transposed_product(component.factor, cloud.score));
  const Eigen::ArrayXd bell = (-0.5 / width * z.colwise().squaredNorm().transpose().array()).exp();
  SteinResidual result;
  for (Eigen::Index f = 0; f < kWaves; ++f) {
    const double frequency = 0.5 + 1.5 * u[f];
    const Eigen::ArrayXd place = along.row(f).transpose().array(), phase = frequency * place + 2 * M_PI * u[kWaves + f];
    const Eigen::ArrayXd value =
        bell * ((pull.row(f).transpose().array() - place / width) * phase.sin() + frequency * phase.cos());
    const double mean = value.mean();
    result.value += mean * mean;
    result.floor += (value - mean).square().mean() / static_cast<double>(cloud.count());
  }
  return result;
}

std::string objection(const Cloud& before, const Cloud& after, const std::vector<Eigen::Index>& members,
                      const Mixture::Component& component) {
  for (const auto i : members)
    if (!std::isfinite(after.log_p[i]) || !after.score.col(i).allFinite()) return "it leaves the target's support";
  std::vector<Eigen::Index> some;
  const auto stride = (static_cast<std::int64_t>(members.size()) + kMostCompared - 1) / kMostCompared;
  for (std::size_t k = 0; k < members.size(); k += static_cast<std::size_t>(stride)) some.push_back(members[k]);
  const auto white = [&](const Cloud& cloud) {
    return dense::solve_lower(component.factor, Matrix(cloud.x(Eigen::all, some)).colwise() - component.mean);
  };
  const auto moved = energy_distance(white(before), white(after));
  char text[160];
  if (moved.value > moved.floor) {
    std::snprintf(text, sizeof text, "it moves them by an energy distance of %.2g, above the %.2g of sampling error",
                  moved.value, moved.floor);
    return text;
  }
  const auto old_residual = stein_residual(before, component), residual = stein_residual(after, component);
  if (!(residual.value <= std::max(1.1 * old_residual.value, 0.5 * old_residual.floor))) {
    std::snprintf(text, sizeof text, "Stein's identity holds less well after it (residual %.2g, before %.2g)",
                  std::sqrt(residual.value), std::sqrt(old_residual.value));
    return text;
  }
  return {};
}

}  // namespace scorefield::gas
