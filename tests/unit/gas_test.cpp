// Gases without a grid against densities whose moments and shares are known.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/gas/affine.hpp"
#include "solvers/gas/bridge.hpp"
#include "solvers/gas/local_affine.hpp"
#include "solvers/gas/mixture.hpp"
#include "solvers/gas/support_points.hpp"
#include "solvers/gas/tempered.hpp"

namespace scorefield::gas {
namespace {

/// Gaussians of unit covariance: centres [d, m], weights [m].
Evaluator mixture_target(const Matrix& centres, const Vector& weights) {
  return [=](Cloud& cloud, bool with_score) {
    cloud.log_p.resize(cloud.x.cols());
    if (with_score) cloud.score.resize(cloud.x.rows(), cloud.x.cols());
    for (Eigen::Index i = 0; i < cloud.x.cols(); ++i) {
      Vector part(weights.size());
      for (Eigen::Index k = 0; k < part.size(); ++k)
        part[k] = std::log(weights[k]) - 0.5 * (cloud.x.col(i) - centres.col(k)).squaredNorm();
      const double top = part.maxCoeff();
      Vector share = (part.array() - top).exp();
      cloud.log_p[i] = top + std::log(share.sum());
      share /= share.sum();
      if (with_score) cloud.score.col(i) = centres * share - cloud.x.col(i);
    }
  };
}

TEST(AffineGas, CovarianceOfAHundredDimensionsWithoutNoise) {
  const Matrix start = 2 * normals(100, 1000, 1, 2);
  Affine gas(start, {}, 1, mixture_target(Matrix::Zero(100, 1), Vector::Ones(1)));
  for (int k = 0; k < 200 && !gas.converged(); ++k) gas.step(k == 199);
  const Vector mean = gas.particles().rowwise().mean();
  EXPECT_LT((dense::covariance(gas.particles(), mean) - Matrix::Identity(100, 100)).norm() / 10, 0.02);
  EXPECT_LT(mean.norm() / 10, 0.02);
  EXPECT_TRUE(gas.converged());
}

TEST(AffineGas, RefusesFarModesWithItsReason) {
  Matrix centres = Matrix::Zero(5, 2);
  centres(0, 0) = -5;
  centres(0, 1) = 5;
  Affine gas(2 * normals(5, 500, 1, 2), {}, 1, mixture_target(centres, Vector::Constant(2, 0.5)));
  try {
    for (int k = 0; k < 200; ++k) gas.step(k == 199);
    FAIL() << "accepted two far modes";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("--method gas"), std::string::npos) << error.what();
  }
}

TEST(Mixture, FindsThreeClusters) {
  Matrix x = normals(4, 900, 3, 1);
  for (Eigen::Index i = 0; i < 900; ++i) x(i % 3 == 0 ? 0 : 1, i) += i % 3 == 2 ? -8 : 8;
  const auto mixture = Mixture::choose(x, 8);
  ASSERT_EQ(mixture.size(), 3);
  for (const auto& part : mixture.components()) EXPECT_NEAR(part.weight, 1.0 / 3, 0.02);
}

TEST(Mixture, LogDensityOfOneGaussianIsExact) {
  const auto one = Mixture::from({{1, Vector::Constant(2, 1), 4 * Matrix::Identity(2, 2), {}, 0}});
  EXPECT_NEAR(one.log_density(Matrix::Constant(2, 1, 3))[0], -std::log(2 * M_PI) - std::log(4) - 1, 1e-12);
}

TEST(Mixture, FindsTwoModesWhoseCovariancesAreMoreNumbersThanPointsTell) {
  for (const int d : {30, 60, 100}) {
    Matrix x = normals(d, 1000, 3, 1);
    for (Eigen::Index i = 0; i < 1000; ++i) x(1, i) += i < 300 ? -4 : 4;
    const auto mixture = Mixture::choose(x, 8);
    ASSERT_EQ(mixture.size(), 2) << d;
    EXPECT_NEAR(std::min(mixture.components()[0].weight, mixture.components()[1].weight), 0.3, 0.01) << d;
  }
}

TEST(Mixture, OneGaussianIsOneComponent) {
  for (const int d : {2, 10, 60}) EXPECT_EQ(Mixture::choose(normals(d, 1000, 3, 1), 8).size(), 1) << d;
}

TEST(Mixture, CopiesOfOnePointAreOneComponent) {
  Matrix x = Matrix::Ones(2, 100);
  EXPECT_EQ(Mixture::choose(x, 8).size(), 1);
  x.leftCols(40).array() += 3;  // two points
  EXPECT_GE(Mixture::choose(x, 8).size(), 1);
}

TEST(Bridge, GivesTheTrueShares) {
  Matrix centres = Matrix::Zero(6, 2);
  centres(0, 0) = -6;
  centres(0, 1) = 6;
  Vector weights(2);
  weights << 0.2, 0.8;
  const auto target = mixture_target(centres, weights);
  Cloud cloud;
  cloud.x = normals(6, 800, 5, 1);  // half of the particles on either side: wrong on purpose
  for (Eigen::Index i = 0; i < 800; ++i) cloud.x.col(i) += centres.col(i % 2);
  target(cloud, true);
  const auto mixture = Mixture::choose(cloud.x, 4);
  ASSERT_EQ(mixture.size(), 2);
  const auto result = bridge_weights(cloud, mixture, 1, 2, target);
  EXPECT_LT(result.error, 0.1);
  const int left = mixture.components()[0].mean[0] < 0 ? 0 : 1;
  EXPECT_NEAR(result.weights[left], 0.2, 0.01);
  const auto source = allocate(result, uniforms(800, 1, 9));
  int count = 0;
  for (const auto s : source) count += cloud.x(0, s) < 0;
  EXPECT_NEAR(count, 160, 8);
}

TEST(TemperedGas, TwoFarModesAndTheirWeights) {
  Matrix centres = Matrix::Zero(10, 2);
  centres(0, 0) = -4;
  centres(0, 1) = 4;
  Vector weights(2);
  weights << 0.3, 0.7;
  Tempered gas(2 * normals(10, 1000, 1, 4), {}, 1, mixture_target(centres, weights));
  int steps = 0;
  for (; !gas.done() && steps < 500; ++steps) gas.step();
  ASSERT_TRUE(gas.done());
  const double left = static_cast<double>((gas.particles().row(0).array() < 0).count()) / 1000;
  EXPECT_NEAR(left, 0.3, 0.01);
  EXPECT_NEAR(gas.particles().bottomRows(9).squaredNorm() / 9000, 1, 0.05);
  EXPECT_GT(gas.unpolished().size(), 0);
}

TEST(TemperedGas, TakesFarMovesWhereTheyAreEnough) {
  std::int64_t scores = 0;
  const auto plain = mixture_target(Matrix::Zero(10, 1), Vector::Ones(1));
  Tempered gas(2 * normals(10, 1000, 1, 4), {}, 1, [&](Cloud& cloud, bool with_score) {
    scores += with_score ? cloud.count() : 0;
    plain(cloud, with_score);
  });
  while (!gas.done()) gas.step();
  EXPECT_LT(scores, 120'000);  // kicks at every temperature would take 220,000
  const Vector mean = gas.particles().rowwise().mean();
  EXPECT_LT(mean.cwiseAbs().maxCoeff(), 0.01);
  EXPECT_LT((dense::covariance(gas.particles(), mean).diagonal().array() - 1).abs().maxCoeff(), 0.03);
  // In any order: every other particle is a fair half.
  const Matrix half = gas.particles()(Eigen::all, Eigen::seqN(0, 500, 2));
  EXPECT_LT(half.rowwise().mean().cwiseAbs().maxCoeff(), 0.12);
}

TEST(TemperedGas, FarModesAreNoFunnel) {
  Matrix centres = Matrix::Zero(2, 2);
  centres(0, 0) = -7;
  centres(0, 1) = 7;
  Tempered gas(4 * normals(2, 300, 1, 4), {}, 1, mixture_target(centres, Vector::Constant(2, 0.5)));
  while (!gas.done()) gas.step();
  EXPECT_TRUE(gas.notes().empty()) << gas.notes().front();
}

TEST(Polish, IsTakenForAGaussianAndRefusedWhereItDoesHarm) {
  const auto gaussian = mixture_target(Matrix::Zero(3, 1), Vector::Ones(1));
  Cloud cloud;
  cloud.x = normals(3, 600, 5, 1);
  gaussian(cloud, true);
  EXPECT_TRUE(polish_cloud(cloud, Mixture::single(cloud.x), 25, gaussian).note.empty());
  EXPECT_LT((dense::covariance(cloud.x, cloud.x.rowwise().mean()) - Matrix::Identity(3, 3)).norm(), 1e-2);

  // One affine map over two modes moves both to where their pooled moments fit.
  Matrix centres = Matrix::Zero(30, 2);
  centres(0, 0) = -4;
  centres(0, 1) = 4;
  Vector weights(2);
  weights << 0.3, 0.7;
  const auto modes = mixture_target(centres, weights);
  Cloud two;
  two.x = normals(30, 1000, 5, 1);
  for (Eigen::Index i = 0; i < 1000; ++i) two.x(0, i) += i < 200 ? -4 : 4;  // shares that make it move them
  modes(two, true);
  const Matrix before = two.x;
  EXPECT_NE(polish_cloud(two, Mixture::single(two.x), 25, modes).note, "");
  EXPECT_EQ(two.x, before);

  // Half a Gaussian: the affine map pushes particles over the edge.
  const Evaluator half = [&](Cloud& c, bool with_score) {
    gaussian(c, with_score);
    for (Eigen::Index i = 0; i < c.count(); ++i)
      if (c.x(0, i) < 0) c.log_p[i] = -INFINITY;
  };
  cloud.x = normals(3, 600, 7, 1);
  cloud.x.row(0) = cloud.x.row(0).cwiseAbs();
  half(cloud, true);
  const Matrix inside = cloud.x;
  EXPECT_NE(polish_cloud(cloud, Mixture::single(cloud.x), 25, half).note.find("support"), std::string::npos);
  EXPECT_EQ(cloud.x, inside);
}

TEST(TemperedGas, HalfAGaussianStaysOnItsSupport) {
  const Evaluator half = [](Cloud& c, bool with_score) {
    c.log_p = -0.5 * c.x.colwise().squaredNorm().transpose();
    if (with_score) c.score = -c.x;
    for (Eigen::Index i = 0; i < c.count(); ++i)
      if (!(c.x.col(i).minCoeff() > -1)) c.log_p[i] = i % 2 == 0 ? -INFINITY : NAN;
  };
  Tempered gas(2 * normals(4, 1000, 1, 4), {}, 1, half);
  while (!gas.done()) gas.step();
  EXPECT_GT(gas.particles().minCoeff(), -1);
  // The normal density cut at -1: mean phi(1)/Phi(1) = .2876, variance 1 - .2876 - .2876^2 = .6297.
  EXPECT_LT((gas.particles().rowwise().mean().array() - 0.2876).abs().maxCoeff(), 0.05);
  const Matrix c = dense::covariance(gas.particles(), gas.particles().rowwise().mean());
  EXPECT_LT((c.diagonal().array() / 0.6297 - 1).abs().maxCoeff(), 0.08);
}

TEST(TemperedGas, SaysWhenNoParticleStartsInTheSupport) {
  const Evaluator nowhere = [](Cloud& c, bool) {
    c.log_p = Vector::Constant(c.count(), -INFINITY);
    c.score = Matrix::Zero(c.dimension(), c.count());
  };
  EXPECT_THROW(Tempered(normals(2, 50, 1, 4), {}, 1, nowhere), DivergenceError);
  EXPECT_THROW(
      Tempered(normals(2, 50, 1, 4), {.widen = 1e-300}, 1, mixture_target(Matrix::Zero(2, 1), Vector::Ones(1))),
      UsageError);
}

TEST(TemperedGas, ResumesBitForBit) {
  const auto target = mixture_target(Matrix::Zero(3, 1), Vector::Ones(1));
  const Matrix start = 2 * normals(3, 200, 1, 4);
  Tempered whole(start, {}, 7, target);
  int steps = 0;
  for (; !whole.done(); ++steps) whole.step();
  for (const int stop :
       {5, steps - 6, steps - 3, steps - 1}) {  // on the ladder, with sweeps to choose from, after them
    Tempered first(start, {}, 7, target), second(start, {}, 7, target);
    for (int k = 0; k < stop; ++k) first.step();
    StateArchive saving;
    first.exchange(saving);
    StateArchive restoring(saving.take(), "memory");
    second.exchange(restoring);
    restoring.finish();
    while (!second.done()) second.step();
    EXPECT_EQ(whole.particles(), second.particles()) << "stopped after " << stop << " of " << steps;
  }
}

/// Energy distance of two clouds of equal weights.
double energy_distance(const Matrix& x, const Matrix& y) {
  const auto mean_distance = [](const Matrix& a, const Matrix& b) {
    double sum = 0;
    for (Eigen::Index i = 0; i < a.cols(); ++i) sum += (b.colwise() - a.col(i)).colwise().norm().sum();
    return sum / static_cast<double>(a.cols() * b.cols());
  };
  return 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y);
}

TEST(SupportPoints, StandForTheirPoolFarBetterThanDrawsAndBetterStillWhenMore) {
  const Matrix pool = normals(3, 6000, 3, 1);
  std::vector<double> errors;
  for (const Eigen::Index count : {100, 400}) {
    const Matrix chosen = pool(Eigen::all, support_points(pool, Vector::Ones(6000), count));
    const double error = energy_distance(chosen, pool), draws = energy_distance(pool.leftCols(count), pool);
    EXPECT_LT(error, 0.35 * draws) << count;
    errors.push_back(error);
  }
  // That of draws falls as 1/count, that of support points in three dimensions as count^(-4/3): 6.3 times.
  EXPECT_NEAR(errors[0] / errors[1], 6.3, 0.8);
}

TEST(SupportPoints, FollowTheWeights) {
  Matrix pool = normals(2, 3000, 3, 1);
  pool.row(0).leftCols(1500).array() += 20;  // half of the points, with a tenth of the weight
  Vector weights = Vector::Constant(3000, 0.9);
  weights.head(1500).setConstant(0.1);
  const auto chosen = support_points(pool, weights, 300);
  EXPECT_NEAR(static_cast<double>(std::count_if(chosen.begin(), chosen.end(), [](auto i) { return i < 1500; })), 30, 2);
  EXPECT_EQ(std::set(chosen.begin(), chosen.end()).size(), 300U);
}

TEST(SupportPoints, AreTheSameForAnyNumberOfThreads) {
  const Matrix pool = normals(4, 5000, 3, 1);
  const auto threads = thread_count();
  set_thread_count(1);
  const auto one = support_points(pool, Vector::Ones(5000), 50);
  set_thread_count(3);
  EXPECT_EQ(support_points(pool, Vector::Ones(5000), 50), one);
  set_thread_count(threads);
}

TEST(SupportPoints, RefuseMoreThanThereAre) {
  EXPECT_THROW(static_cast<void>(support_points(normals(2, 10, 1, 1), Vector::Ones(10), 11)), Error);
}

}  // namespace
}  // namespace scorefield::gas
