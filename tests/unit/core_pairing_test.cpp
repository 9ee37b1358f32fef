// The pairing of least cost, and the velocities that snapshots give through it.

#include "core/pairing.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/random.hpp"
#include "tests/support/gaussian_data.hpp"
#include "training/batch/source.hpp"

namespace scorefield::training {
namespace {

TEST(Pairing, HasTheLeastCostOfAllPermutations) {
  constexpr std::int64_t n = 6;
  for (std::uint64_t trial = 0; trial < 20; ++trial) {
    std::vector<double> cost;
    for (std::uint64_t i = 0; i < n * n; ++i) cost.push_back(Philox(trial, 1).uniforms(i)[0]);
    const auto total = [&](const std::vector<std::int64_t>& columns) {
      double sum = 0;
      for (std::int64_t row = 0; row < n; ++row)
        sum += cost[static_cast<std::size_t>(row * n + columns[static_cast<std::size_t>(row)])];
      return sum;
    };
    std::vector<std::int64_t> columns(n);
    std::iota(columns.begin(), columns.end(), 0);
    double least = total(columns);
    while (std::next_permutation(columns.begin(), columns.end())) least = std::min(least, total(columns));
    auto found = optimal_pairing(cost, n);
    EXPECT_NEAR(total(found), least, 1e-12) << trial;
    std::sort(found.begin(), found.end());
    for (std::int64_t i = 0; i < n; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], i);
  }
}

/// On a line the best pairing keeps the order.
TEST(Pairing, KeepsTheOrderOnALine) {
  constexpr std::int64_t n = 64;
  std::vector<double> a, b, cost;
  for (std::uint64_t i = 0; i < n; ++i) {
    a.push_back(Philox(1, 1).normals(i)[0]);
    b.push_back(3 + 2 * Philox(1, 2).normals(i)[0]);
  }
  for (const double x : a)
    for (const double y : b) cost.push_back((x - y) * (x - y));
  const auto rank = [](const std::vector<double>& values, std::size_t i) {
    return std::count_if(values.begin(), values.end(), [&](double value) { return value < values[i]; });
  };
  const auto found = optimal_pairing(cost, n);
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(rank(a, i), rank(b, static_cast<std::size_t>(found[i]))) << i;
}

/// Three snapshots of the Gaussian that moves and spreads: along its pairings the mean velocity is its own, and
/// positions at the times between have its mean and its spread, as optimal transport of Gaussians is a straight line.
TEST(Transport, FollowsAGaussianBetweenItsSnapshots) {
  const auto path =
      (std::filesystem::temp_directory_path() / ("scorefield-transport-" + std::to_string(::getpid()) + ".h5"))
          .string();
  test::write_gaussian_dataset(path, {1.5}, 4000, 3);
  TrainConfig config;
  config.loss.name = "transport";
  config.batch = {.mu = 1, .nodes = 16, .particles = 128};
  BatchSource source(data::DatasetReader(path), test::identity_normalizer(), config, 1);
  torch::Tensor velocity = torch::zeros({2}), off = torch::zeros({2});
  double spread = 0, product = 0, square = 0;
  constexpr int kSteps = 10;
  for (int step = 0; step < kSteps; ++step) {
    const auto batch = source.make(step);
    for (std::int64_t g = 0; g < 16; ++g) {
      const double t = batch.t[g].item<double>(), share = 1.0 / (16 * kSteps);
      const auto mean = torch::tensor({1.5 * t, -0.5 * t}, torch::kFloat32);
      velocity += share * batch.target[g].mean(0);
      off += share * (batch.x[g] - mean).mean(0);
      spread += share * (batch.x[g] - mean).square().mean().item<double>() / std::pow(test::GaussianCase::spread(t), 2);
      product += ((batch.x[g] - mean) * batch.target[g]).sum().item<double>() / test::GaussianCase::spread(t);
      square += (batch.x[g] - mean).square().sum().item<double>() / std::pow(test::GaussianCase::spread(t), 2);
    }
  }
  EXPECT_NEAR(velocity[0].item<double>(), 1.5, 0.02);
  EXPECT_NEAR(velocity[1].item<double>(), -0.5, 0.02);
  EXPECT_LT(off.abs().max().item<double>(), 0.01);
  EXPECT_NEAR(spread, 1, 0.04);  // a little less: pairs of samples are not quite on the straight lines
  EXPECT_NEAR(product / square, test::GaussianCase::kSpreadRate, 0.04);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace scorefield::training
