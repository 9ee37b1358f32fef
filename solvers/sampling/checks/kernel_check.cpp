// Kernel Stein discrepancy with the floor that random signs give (wild bootstrap).
#include <cmath>

#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {

using gas::Matrix;
using gas::Vector;

std::optional<Check> check_kernel_discrepancy(const Subject& subject) {
  constexpr std::int64_t kMost = 500, kDraws = 100;
  if (!subject.unbounded()) return std::nullopt;
  const auto some = some_particles(subject.cloud, kMost);
  const auto n = some.count();
  const Vector mean = some.x.rowwise().mean();
  Matrix z = some.x.colwise() - mean;
  const Vector spread = (z.rowwise().norm() / std::sqrt(static_cast<double>(n))).cwiseMax(1e-300);
  z = spread.cwiseInverse().asDiagonal() * z;
  const Matrix s = spread.asDiagonal() * some.score;
  const double d = static_cast<double>(z.rows());
  const Vector size = z.colwise().squaredNorm().transpose();
  const Matrix inner = dense::transposed_product(z, z), cross = dense::transposed_product(s, z);
  const Vector own = cross.diagonal();
  Matrix h = dense::transposed_product(s, s);
  for (Eigen::Index j = 0; j < n; ++j)
    for (Eigen::Index i = 0; i < n; ++i) {
      // (1 + r^2/d)^(-1/2): the width of a cloud of unit deviation grows with sqrt(d).
      const double r2 = std::max(0.0, size[i] + size[j] - 2 * inner(i, j)), q = 1 + r2 / d;
      const double k = 1 / std::sqrt(q), k3 = k / q, k5 = k3 / q;
      const double pull = (own[i] - cross(i, j)) - (cross(j, i) - own[j]);
      h(i, j) = h(i, j) * k + k3 / d * pull + k3 - 3 * r2 / (d * d) * k5;
    }
  const double scale = static_cast<double>(n) * static_cast<double>(n);
  const double value = h.sum() / scale;
  const Matrix signs = gas::normals(n, kDraws, subject.seed, std::uint64_t{0x6b} << 56).cwiseSign();
  const Vector floor = signs.cwiseProduct(dense::product(h, signs)).colwise().sum().transpose() / scale;
  const double centre = floor.mean(), deviation = std::sqrt((floor.array() - centre).square().mean());
  return Check{"kernel_discrepancy", std::sqrt(std::max(0.0, value)), std::sqrt(std::max(0.0, centre + 7 * deviation)),
               "the kernel Stein discrepancy is above that of draws: the cloud is displaced or too narrow or wide. "
               "Raise --steps, or use --method gas."};
}

}  // namespace scorefield::sampling
