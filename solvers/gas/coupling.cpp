#include "solvers/gas/coupling.hpp"

#include <cmath>

namespace scorefield::gas {
namespace {

/// A coupling at some points: everything that depends on the coordinates that stay.
struct Passage {
  Matrix u, bend;         ///< [F, N]; bend = sqrt(1 + u^2)
  Matrix mean, log, add;  ///< m, l, b, [R, N]
};

Matrix limited(const Matrix& log) { return log.cwiseMax(-300).cwiseMin(300); }

Passage pass(const Coupling& c, const Matrix& points) {
  const auto F = static_cast<Eigen::Index>(c.fixed.size());
  Passage p;
  p.u = c.scale.cwiseInverse().asDiagonal() * (Matrix(points(c.fixed, Eigen::all)).colwise() - c.centre);
  p.bend = (1 + p.u.array().square()).sqrt();
  p.mean = (dense::product(c.A.middleCols(1, F), p.u) + dense::product(c.A.rightCols(F), p.u.cwiseAbs2())).colwise() +
           Vector(c.A.col(0));
  p.log = limited((dense::product(c.G.middleCols(1, F), p.u) + dense::product(c.G.rightCols(F), p.bend)).colwise() +
                  Vector(c.G.col(0)));
  p.add = dense::product(c.B, p.u);
  return p;
}

void exchange_list(StateArchive& archive, const std::string& name, std::vector<std::int64_t>& list, std::int64_t d) {
  archive.array(name, {StateArchive::kAny}, list);
  for (const auto j : list) archive.require(j >= 0 && j < d, name, "coordinates of the target");
}

}  // namespace

Matrix Coupling::to_straight(const Matrix& x) const {
  const auto p = pass(*this, x);
  Matrix z = x;
  z(driven, Eigen::all) =
      (Matrix(x(driven, Eigen::all)) - p.mean).cwiseProduct((-p.log.array()).exp().matrix()) - p.add;
  return z;
}

Matrix Coupling::to_curved(const Matrix& z) const {
  const auto p = pass(*this, z);
  Matrix x = z;
  x(driven, Eigen::all) = p.mean + p.log.array().exp().matrix().cwiseProduct(Matrix(z(driven, Eigen::all)) + p.add);
  return x;
}

Vector Coupling::log_stretch(const Matrix& z) const { return pass(*this, z).log.colwise().sum().transpose(); }

Cloud Coupling::straightened(const Cloud& cloud) const {
  const auto p = pass(*this, cloud.x);
  const auto F = static_cast<Eigen::Index>(fixed.size());
  Cloud z;
  z.x = to_straight(cloud.x);
  if (cloud.log_p.size() > 0) z.log_p = cloud.log_p + p.log.colwise().sum().transpose();
  if (cloud.score.size() == 0) return z;
  // The chain rule, backwards: through m, l and b to u.
  const Matrix s = cloud.score(driven, Eigen::all), own = s.cwiseProduct(p.log.array().exp().matrix());
  const Matrix stretch = (own.array() * (Matrix(z.x(driven, Eigen::all)) + p.add).array() + 1).matrix();
  Matrix back = dense::transposed_product(A.middleCols(1, F), s) + dense::transposed_product(B, own) +
                dense::transposed_product(G.middleCols(1, F), stretch);
  back += 2 * p.u.cwiseProduct(dense::transposed_product(A.rightCols(F), s));
  back += p.u.cwiseQuotient(p.bend).cwiseProduct(dense::transposed_product(G.rightCols(F), stretch));
  z.score = cloud.score;
  z.score(driven, Eigen::all) = own;
  z.score(fixed, Eigen::all) += scale.cwiseInverse().asDiagonal() * back;
  return z;
}

Evaluator Coupling::straightened(const Evaluator& evaluate) const {
  return [coupling = *this, evaluate](Cloud& z, bool with_score) {
    Cloud x;
    x.x = coupling.to_curved(z.x);
    evaluate(x, with_score);
    if (!with_score) {
      z.log_p = x.log_p + coupling.log_stretch(z.x);
      return;
    }
    Cloud seen = coupling.straightened(x);
    z.log_p = std::move(seen.log_p);
    z.score = std::move(seen.score);
  };
}

void Coupling::exchange(StateArchive& archive, std::int64_t d) {
  exchange_list(archive, "fixed", fixed, d);
  exchange_list(archive, "driven", driven, d);
  const auto F = static_cast<std::int64_t>(fixed.size()), R = static_cast<std::int64_t>(driven.size());
  archive.require(F == 0 || F + R == d, "driven", "the coordinates that do not stay");
  if (F == 0) return;
  gas::exchange(archive, "centre", centre, F);
  gas::exchange(archive, "scale", scale, F);
  archive.require((scale.array() > 0).all(), "scale", "above 0");
  gas::exchange(archive, "A", A, R, 1 + 2 * F);
  gas::exchange(archive, "B", B, R, F);
  gas::exchange(archive, "G", G, R, 1 + 2 * F);
}

}  // namespace scorefield::gas
