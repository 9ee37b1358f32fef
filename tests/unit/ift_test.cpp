// Kernel flows: the weights' geometry, one step against derivatives of the loss, and the experiment of arXiv
// 2405.17075.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/ift/flow.hpp"
#include "solvers/ift/kl_energy.hpp"
#include "solvers/ift/weights.hpp"
#include "tests/support/three_gaussians.hpp"

namespace scorefield::test {
namespace {

using ift::Cloud;
using ift::Flow;
using ift::FlowOptions;
using ift::Kind;
using Rows = std::vector<double>;

Rows normal_cloud(std::size_t count, double scale, std::uint64_t stream) {
  const Philox random(3, stream);
  Rows x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = scale * random.normals(i)[0];
  return x;
}

FlowOptions gaussian(double h) {
  FlowOptions options;
  options.kernel = {pairs::KernelOptions::Name::gaussian, h};
  options.double_precision = true;
  return options;
}

TEST(Simplex, ProjectionIsNearest) {
  Rows w{0.5, 0.9, -0.2};
  ift::project_on_simplex(w);
  EXPECT_NEAR(w[0], 0.3, 1e-15);
  EXPECT_NEAR(w[1], 0.7, 1e-15);
  EXPECT_EQ(w[2], 0);
  Rows inside{0.2, 0.3, 0.5};
  ift::project_on_simplex(inside);
  EXPECT_NEAR(inside[1], 0.3, 1e-15);
}

TEST(Splitting, KeepsMassAndRaisesTheEffectiveSize) {
  Rows x = normal_cloud(200, 1, 1), w(100, 0.001);
  w[7] = 0.5;
  w[40] = 0.402;
  const Rows before = x;
  EXPECT_NEAR(ift::effective_size(w), 1 / (0.25 + 0.402 * 0.402 + 98e-6), 1e-9);
  EXPECT_EQ(ift::split_heavy(x, w, 2, 0.05, 1, Philox(1, 1)), 2);
  EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.0), 1, 1e-12);
  EXPECT_DOUBLE_EQ(w[7], 0.2505);
  EXPECT_EQ(x[14], before[14]) << "the heavy one stays where it is";
  const double distance = std::hypot(x[0] - x[14], x[1] - x[15]);
  double nearest = 1e9;
  for (std::size_t j = 0; j < 100; ++j)
    if (j != 7) nearest = std::min(nearest, std::hypot(before[2 * j] - before[14], before[2 * j + 1] - before[15]));
  EXPECT_NEAR(distance, std::max(0.5 * nearest, 0.02), 1e-6) << "distances are single precision";
  Rows even(50, 0.02), cloud = normal_cloud(50, 1, 2);
  EXPECT_EQ(ift::split_heavy(cloud, even, 1, 0.99, 1, Philox(1, 1)), 0);
}

/// MMD^2/2 by double loops.
double plain_loss(const Flow& flow, const Cloud& cloud, const Rows& y) {
  const auto d = static_cast<std::size_t>(cloud.d), n = cloud.x.size() / d, m = y.size() / d;
  const auto k = [&](const double* a, const double* b) {
    double square = 0;
    for (std::size_t c = 0; c < d; ++c) square += (a[c] - b[c]) * (a[c] - b[c]);
    return flow.kernel().value(square);
  };
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) sum += cloud.w[i] * cloud.w[j] * k(&cloud.x[i * d], &cloud.x[j * d]);
    for (std::size_t j = 0; j < m; ++j) sum -= 2 * cloud.w[i] / static_cast<double>(m) * k(&cloud.x[i * d], &y[j * d]);
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j) sum += k(&y[i * d], &y[j * d]) / static_cast<double>(m * m);
  return sum / 2;
}

TEST(MmdFlow, MovesAgainstTheGradientOfTheLoss) {
  constexpr std::size_t n = 30, d = 2;
  const Rows y = normal_cloud(40 * d, 2, 5);
  FlowOptions options = gaussian(1.5);
  options.step = 0.1;
  Flow flow(Kind::mmd_flow, options, {n, d, normal_cloud(n * d, 1, 6), {}}, y, {false, 10, 1});
  const Cloud before = flow.state.cloud;
  flow.step(y);
  EXPECT_NEAR(flow.state.loss, plain_loss(flow, before, y), 1e-12);
  for (const std::size_t i : {0u, 17u, 59u}) {
    Cloud up = before, down = before;
    up.x[i] += 1e-5;
    down.x[i] -= 1e-5;
    // F depends on x_i with weight 1/n: the velocity is n times its gradient.
    const double slope = n * (plain_loss(flow, up, y) - plain_loss(flow, down, y)) / 2e-5;
    EXPECT_NEAR(flow.state.cloud.x[i] - before.x[i], -0.1 * 1.5 * 1.5 * slope, 1e-9);
  }
}

TEST(MmdFlow, StepsDoNotDependOnTheNumberOfParticles) {
  const Rows y = normal_cloud(80, 2, 5), x = normal_cloud(40, 1, 6);
  Rows twice = x;
  twice.insert(twice.end(), x.begin(), x.end());
  Flow once(Kind::mmd_flow, gaussian(1), {20, 2, x, {}}, y, {false, 10, 1}),
      doubled(Kind::mmd_flow, gaussian(1), {40, 2, twice, {}}, y, {false, 10, 1});
  for (int k = 0; k < 5; ++k) {
    once.step(y);
    doubled.step(y);
  }
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(once.state.cloud.x[i], doubled.state.cloud.x[i], 1e-12);
}

TEST(Weights, TheirStepAloneLowersTheLossAndStaysOnTheSimplex) {
  const Rows y = normal_cloud(200, 0.5, 5);
  for (const Kind kind : {Kind::ift, Kind::wfr}) {
    FlowOptions options = gaussian(1);
    options.step = 1e-12;
    options.ess = 0;
    Flow flow(kind, options, {100, 2, normal_cloud(200, 2, 6), {}}, y, {false, 100, 1});
    double last = HUGE_VAL;
    for (int k = 0; k < 20; ++k) {
      flow.step(y);
      EXPECT_LT(flow.state.loss, last) << k;
      last = flow.state.loss;
      EXPECT_NEAR(std::accumulate(flow.state.cloud.w.begin(), flow.state.cloud.w.end(), 0.0), 1, 1e-12);
      for (const double w : flow.state.cloud.w) EXPECT_GE(w, 0);
    }
    EXPECT_LT(ift::effective_size(flow.state.cloud.w), 90);
  }
}

struct End {
  double loss, ess;
};
End three_modes(Kind kind, FlowOptions options, std::int64_t steps) {
  const ThreeGaussians target(2);
  const Rows y = target.draw(400, 1);
  options.kernel = {pairs::KernelOptions::Name::gaussian, 10};
  Flow flow(kind, options, {400, 2, normal_cloud(800, 3, 9), {}}, y, {false, steps, 1});
  for (std::int64_t k = 0; k < steps; ++k) flow.step(y);
  return {flow.loss_against(y), ift::effective_size(flow.state.cloud.w)};
}

TEST(ThreeModes, IftEndsBelowTheFlowsAndKeepsItsParticlesAlive) {
  const End mmd = three_modes(Kind::mmd_flow, {}, 250), ift = three_modes(Kind::ift, {}, 250);
  const End noisy = three_modes(Kind::noisy_mmd_flow, {}, 250);
  EXPECT_LT(ift.loss, 2.5e-4);
  EXPECT_LT(ift.loss, 0.5 * mmd.loss);
  EXPECT_LT(ift.loss, 0.5 * noisy.loss);
  EXPECT_GT(ift.ess, 200);
  EXPECT_NEAR(mmd.ess, 400, 1e-6);
}

TEST(ThreeModes, ThePublishedVariantLosesItsParticles) {
  FlowOptions published;
  published.variant = FlowOptions::Variant::published;
  EXPECT_LT(three_modes(Kind::ift, published, 250).ess, 60);
}

TEST(ThreeModes, TheSameBitsForAnyNumberOfThreads) {
  const int before = thread_count();
  set_thread_count(1);
  const End one = three_modes(Kind::ift, {}, 60);
  set_thread_count(3);
  const End three = three_modes(Kind::ift, {}, 60);
  set_thread_count(before);
  EXPECT_EQ(one.loss, three.loss);
  EXPECT_EQ(one.ess, three.ess);
}

TEST(KlEnergy, ReachesTheGaussianOfItsTheory) {
  FlowOptions options;
  ift::KlFlow flow(options, {300, 2, normal_cloud(600, 1, 4), {}}, true, 1);
  const auto density = [](const Rows& x, Rows& log_density, Rows& score) {
    for (std::size_t i = 0; i < log_density.size(); ++i) {
      const double u = x[2 * i] - 3, v = x[2 * i + 1];
      log_density[i] = -u * u / 2 - v * v / 8;
      score[2 * i] = -u;
      score[2 * i + 1] = -v / 4;
    }
  };
  for (int k = 0; k < 200; ++k) flow.step(density);
  double mean[2] = {}, square[2] = {};
  const auto& cloud = flow.state.cloud;
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t c = 0; c < 2; ++c) mean[c] += cloud.w[i] * cloud.x[2 * i + c];
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t c = 0; c < 2; ++c) square[c] += cloud.w[i] * std::pow(cloud.x[2 * i + c] - mean[c], 2);
  EXPECT_NEAR(mean[0], 3, 0.05);
  EXPECT_NEAR(mean[1], 0, 0.1);
  // The stationary variance s^2 of the regularised divergence solves 1/b + h^2/b^2 = 1/sigma^2 with b = s^2 + h^2.
  const double h2 = flow.bandwidth() * flow.bandwidth();
  const auto expected = [&](double variance) { return variance * (1 + std::sqrt(1 + 4 * h2 / variance)) / 2 - h2; };
  EXPECT_NEAR(square[0], expected(1), 0.03);
  EXPECT_NEAR(square[1], expected(4), 0.12);
  EXPECT_GT(ift::effective_size(cloud.w), 220);
}

TEST(FlowOptions, NonsenseIsNamed) {
  FlowOptions options;
  options.weight_rate = 2;
  EXPECT_THROW(check_ranges(options), UsageError);
}

}  // namespace
}  // namespace scorefield::test
