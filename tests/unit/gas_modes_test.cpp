// Modes that tempering loses, and log evidence, against mixtures of Gaussians whose shares and integrals are known.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "solvers/gas/modes.hpp"
#include "solvers/gas/tempered.hpp"

namespace scorefield::gas {
namespace {

struct Part {
  double weight, place, deviation;  ///< place along the first axis
};

/// Normalised mixture of round Gaussians along the first axis, times e^log_scale.
Evaluator along_an_axis(const std::vector<Part>& parts, double log_scale = 0) {
  return [=](Cloud& cloud, bool with_score) {
    const auto d = cloud.dimension(), n = cloud.count();
    cloud.log_p.resize(n);
    if (with_score) cloud.score.resize(d, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      Vector value(static_cast<Eigen::Index>(parts.size()));
      for (std::size_t k = 0; k < parts.size(); ++k) {
        Vector r = cloud.x.col(i);
        r[0] -= parts[k].place;
        const double s = parts[k].deviation;
        value[static_cast<Eigen::Index>(k)] =
            std::log(parts[k].weight) - 0.5 * r.squaredNorm() / (s * s) -
            static_cast<double>(d) * (std::log(s) + 0.5 * std::log(2 * std::numbers::pi));
      }
      const double top = value.maxCoeff();
      const Vector share = (value.array() - top).exp() / (value.array() - top).exp().sum();
      cloud.log_p[i] = log_scale + top + std::log((value.array() - top).exp().sum());
      if (!with_score) continue;
      cloud.score.col(i).setZero();
      for (std::size_t k = 0; k < parts.size(); ++k) {
        Vector r = cloud.x.col(i);
        r[0] -= parts[k].place;
        cloud.score.col(i) -= share[static_cast<Eigen::Index>(k)] / std::pow(parts[k].deviation, 2) * r;
      }
    }
  };
}

double share_above(const Matrix& x, double place) {
  return static_cast<double>((x.row(0).array() > place).count()) / static_cast<double>(x.cols());
}

TEST(Modes, AreFoundWithTheirMasses) {
  const auto evaluate = along_an_axis({{0.3, -3, 1}, {0.7, 3, 0.2}}, 5);
  Cloud cloud;
  cloud.x = normals(6, 500, 1, 1);  // of the wide mode alone
  cloud.x.row(0).array() -= 3;
  evaluate(cloud, true);
  const auto modes = find_modes({.mean = Vector::Zero(6), .deviation = 4, .starts = 64, .seed = 1}, cloud, evaluate);
  ASSERT_EQ(modes.size(), 2u);
  EXPECT_NEAR(modes[0].x[0], 3, 1e-2);
  EXPECT_NEAR(modes[0].log_mass, 5 + std::log(0.7), 1e-2);
  EXPECT_NEAR(modes[1].log_mass, 5 + std::log(0.3), 1e-2);
  const auto lost = lost_modes(modes, cloud, Mixture::single(cloud.x), 5 + std::log(0.3), evaluate);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_NEAR(lost[0].share, 0.7, 0.01);
}

TEST(TemperedGas, NarrowModesBesideWideOnesAndRareOnesKeepTheirShares) {
  struct Case {
    int d;
    std::vector<Part> parts;
  };
  for (const auto& [d, parts] : {Case{10, {{0.5, -3, 1}, {0.5, 3, 0.2}}}, Case{30, {{0.5, -3, 1}, {0.5, 3, 0.4}}},
                                 Case{5, {{0.98, -4, 1}, {0.02, 4, 1}}}}) {
    Tempered gas(2 * normals(d, 1000, 1, 4), {}, 1, along_an_axis(parts));
    while (!gas.done()) gas.step();
    EXPECT_NEAR(share_above(gas.particles(), 1.5), parts[1].weight, parts[1].weight > 0.1 ? 0.03 : 0.008) << d;
  }
}

/// Half of the mass in N(0, I), half in N(c, .2^2 I), c off every axis: no start of an ascent falls into the narrow
/// one.
TEST(TemperedGas, FindsANarrowModeThatLiesOnNoAxis) {
  const Vector c = (Vector(4) << 2, -2.7, 2, 1.3).finished();
  const Evaluator evaluate = [&](Cloud& cloud, bool) {
    constexpr double kNarrow = 0.2;
    cloud.log_p.resize(cloud.count());
    cloud.score.resize(4, cloud.count());
    for (Eigen::Index i = 0; i < cloud.count(); ++i) {
      const Vector a = cloud.x.col(i), b = (cloud.x.col(i) - c) / kNarrow;
      const double wide = -0.5 * a.squaredNorm(), narrow = -0.5 * b.squaredNorm() - 4 * std::log(kNarrow);
      const double top = std::max(wide, narrow), sum = std::exp(wide - top) + std::exp(narrow - top);
      cloud.log_p[i] = top + std::log(sum);
      cloud.score.col(i) = -(std::exp(wide - top) * a + std::exp(narrow - top) / kNarrow * b) / sum;
    }
  };
  for (const std::uint64_t seed : {1, 2}) {
    Tempered gas(2 * normals(4, 1000, seed, 4), {}, seed, evaluate);
    while (!gas.done()) gas.step();
    const auto near = ((gas.particles().colwise() - c).colwise().norm().array() < 1.2).count();
    EXPECT_NEAR(static_cast<double>(near) / 1000, 0.5, 0.03) << seed;
  }
}

TEST(TemperedGas, KnowsTheIntegral) {
  for (const int d : {2, 10, 30}) {
    Tempered gas(2 * normals(d, 1000, 1, 4), {}, 1, along_an_axis({{0.3, -4, 1}, {0.7, 4, 1}}, 2));
    while (!gas.done()) gas.step();
    EXPECT_LT(gas.evidence().error, 0.05) << d;
    EXPECT_NEAR(gas.evidence().log_z, 2, 3 * gas.evidence().error + 1e-3) << d;
  }
}

}  // namespace
}  // namespace scorefield::gas
