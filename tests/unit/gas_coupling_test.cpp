// Straightened coordinates: the chain rule against differences, and funnels and hierarchies that they make easy.

#include <gtest/gtest.h>

#include <cmath>

#include "solvers/gas/coupling.hpp"
#include "solvers/gas/tempered.hpp"
#include "tests/support/column_target.hpp"

namespace scorefield::gas {
namespace {

using test::target;

/// v normal of that deviation, the others normal of deviation e^(v/2).
Evaluator funnel(double deviation) {
  return target([deviation](const Vector& x, Vector& score) {
    const double v = x[0], precision = std::exp(-v), rest = x.squaredNorm() - v * v,
                 n = static_cast<double>(x.size()) - 1, s2 = deviation * deviation;
    score = -precision * x;
    score[0] = -v / s2 + 0.5 * precision * rest - 0.5 * n;
    return -0.5 * v * v / s2 - 0.5 * precision * rest - 0.5 * n * v;
  });
}

/// mu of deviation 5, t = log tau normal, the others around mu of deviation tau.
const auto kHierarchy = target([](const Vector& x, Vector& score) {
  const double mu = x[0], t = x[1], precision = std::exp(-2 * t), n = static_cast<double>(x.size()) - 2;
  score = Vector::Zero(x.size());
  score.tail(x.size() - 2) = -precision * (x.tail(x.size() - 2).array() - mu).matrix();
  const double rest = (x.tail(x.size() - 2).array() - mu).square().sum();
  score[0] = -mu / 25 - score.tail(x.size() - 2).sum();
  score[1] = -t + precision * rest - n;
  return -0.5 * mu * mu / 25 - 0.5 * t * t - 0.5 * precision * rest - n * t;
});

struct Moments {
  double mean, deviation;
};
Moments moments(const Matrix& x, Eigen::Index j) {
  const double mean = x.row(j).mean();
  return {mean, std::sqrt((x.row(j).array() - mean).square().mean())};
}

Matrix sample(const Evaluator& evaluate, Eigen::Index d, std::uint64_t seed) {
  Tempered gas(2 * normals(d, 1000, seed, 9), {}, seed, evaluate);
  while (!gas.done()) gas.step();
  return gas.particles();
}

Coupling example() {
  Coupling c;
  c.fixed = {2, 0};
  c.driven = {1, 3};
  c.centre = Vector::Constant(2, 0.3);
  c.scale = Vector::Constant(2, 1.7);
  c.A = 0.3 * normals(2, 5, 1, 1);
  c.B = 0.3 * normals(2, 2, 1, 2);
  c.G = 0.3 * normals(2, 5, 1, 3);
  return c;
}

TEST(Coupling, GoesThereAndBack) {
  const Coupling c = example();
  const Matrix x = normals(4, 50, 2, 1);
  EXPECT_LT((c.to_curved(c.to_straight(x)) - x).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Coupling, HasTheScoreOfItsDensity) {
  const auto evaluate = example().straightened(funnel(1));
  Cloud z;
  z.x = normals(4, 20, 3, 1);
  evaluate(z, true);
  constexpr double kStep = 1e-5;
  for (Eigen::Index j = 0; j < 4; ++j) {
    Cloud above, below;
    above.x = below.x = z.x;
    above.x.row(j).array() += kStep;
    below.x.row(j).array() -= kStep;
    evaluate(above, false);
    evaluate(below, false);
    const Vector slope = (above.log_p - below.log_p) / (2 * kStep);
    EXPECT_LT((slope - z.score.row(j).transpose()).cwiseAbs().maxCoeff(), 1e-6 * (1 + slope.cwiseAbs().maxCoeff()));
  }
}

TEST(Coupling, LeavesAGaussianAlone) {
  Cloud cloud;
  cloud.x = normals(5, 1000, 4, 1);
  cloud.x.row(1) += 0.8 * cloud.x.row(0);
  cloud.score = -cloud.x;
  cloud.score.row(0) += 0.8 * (cloud.x.row(1) - 0.8 * cloud.x.row(0));
  EXPECT_TRUE(fit_coupling(cloud).empty());
}

TEST(Coupling, SeesWhatDrivesAHierarchy) {
  Cloud cloud;
  cloud.x = normals(8, 2000, 5, 1);
  cloud.x.row(0) *= 5;
  for (Eigen::Index j = 2; j < 8; ++j)
    cloud.x.row(j) = cloud.x.row(0).array() + cloud.x.row(1).array().exp() * cloud.x.row(j).array();
  kHierarchy(cloud, true);
  const auto coupling = fit_coupling(cloud);
  ASSERT_EQ(coupling.fixed.size(), 2u);
  const Matrix z = coupling.to_straight(cloud.x);
  EXPECT_LT((coupling.A.col(1).array().abs().maxCoeff()), 6);
  for (Eigen::Index j = 2; j < 8; ++j) {  // normal again: the fourth moment of the coordinate itself is above 20
    const auto m = moments(z, j);
    EXPECT_NEAR(((z.row(j).array() - m.mean) / m.deviation).pow(4).mean(), 3, 0.6) << "coordinate " << j;
  }
}

TEST(Straightened, FunnelsAreSampledToTheirNecks) {
  for (const double deviation : {1.0, 3.0}) {
    const Matrix x = sample(funnel(deviation), 10, 1);
    const auto v = moments(x, 0);
    EXPECT_NEAR(v.mean / deviation, 0, 0.1) << "deviation " << deviation;
    EXPECT_NEAR(v.deviation / deviation, 1, 0.08) << "deviation " << deviation;
    const double neck = (x.row(0).array() < -deviation).cast<double>().mean();
    EXPECT_NEAR(neck, 0.1587, 0.03) << "deviation " << deviation;
  }
}

TEST(Straightened, CentredHierarchiesAreSampled) {
  const Matrix x = sample(kHierarchy, 10, 2);
  const auto mu = moments(x, 0), t = moments(x, 1);
  EXPECT_NEAR(mu.deviation / 5, 1, 0.08);
  EXPECT_NEAR(t.mean, 0, 0.1);
  EXPECT_NEAR(t.deviation, 1, 0.08);
}

}  // namespace
}  // namespace scorefield::gas
