// DICE is a chain: the gradient of isolated intervals, with a small part of their noise.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <vector>

#include "models/score_network.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/train_keys.hpp"
#include "training/batch/source.hpp"
#include "training/objective.hpp"

namespace scorefield::training {
namespace {

constexpr std::int64_t kFrames = 33, kGroups = 3 * kFrames - 2;

class DiceChain : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    path_ =
        (std::filesystem::temp_directory_path() / ("scorefield-dice-" + std::to_string(::getpid()) + ".h5")).string();
    test::write_gaussian_dataset(path_, {1.0}, 400, kFrames);
  }
  static void TearDownTestSuite() { std::filesystem::remove(path_); }

  /// Chains of one mu whose nodes have `particles` samples each.
  static TrainConfig config_of(std::int64_t particles) {
    TrainConfig config;
    config.loss.name = "dice";
    config.model.width = 12;
    config.model.depth = 2;
    config.batch = {.mu = 1, .nodes = kGroups, .particles = (particles + 3) / 4};
    return config;
  }
  static BatchSource open(const TrainConfig& config) {
    return {data::DatasetReader(path_), test::identity_normalizer(), config, 1};
  }

  static std::string path_;
};
std::string DiceChain::path_;

/// Sample sets by their time: [N, d] of every node of a chain.
std::map<float, torch::Tensor> nodes_of(const Batch& batch) {
  std::map<float, torch::Tensor> nodes;
  for (std::int64_t g = 0; g < batch.x.size(0); ++g)
    if (batch.terms[static_cast<std::size_t>(g)].kinetic > 0) nodes[batch.t[g].item<float>()] = batch.x[g];
  return nodes;
}

/// Isolated intervals (a, b), each with the sets of both ends: T/2 (K_a + K_b) - 1/2 [ mean_b s_a - mean_a s_a + ... ].
class Intervals {
 public:
  void add(double a, const torch::Tensor& x_a, double b, const torch::Tensor& x_b, double weight) {
    const auto n = static_cast<double>(x_a.size(0));
    const double kinetic = weight * (b - a) / 2 / n, potential = 1 / (b - a);
    add(a, x_a, {.kinetic = 1, .potential = potential, .scale = kinetic});
    add(a, x_b, {.kinetic = 0, .potential = -potential, .scale = kinetic});
    add(b, x_b, {.kinetic = 1, .potential = -potential, .scale = kinetic});
    add(b, x_a, {.kinetic = 0, .potential = potential, .scale = kinetic});
  }
  [[nodiscard]] Batch batch(const Batch& like) const {
    Batch batch = like;
    batch.x = torch::stack(x_);
    batch.t = torch::tensor(t_, torch::kFloat64).to(torch::kFloat32);
    batch.mu = like.mu.narrow(0, 0, 1).expand({batch.t.size(0), like.mu.size(1)}).contiguous();
    batch.terms = terms_;
    batch.total_groups = batch.t.size(0);
    return batch;
  }

 private:
  void add(double t, const torch::Tensor& x, kernels::GroupTerms terms) {
    t_.push_back(t);
    x_.push_back(x);
    terms_.push_back(terms);
  }
  std::vector<double> t_;
  std::vector<torch::Tensor> x_;
  std::vector<kernels::GroupTerms> terms_;
};

/// A network at fixed weights, and gradients of the loss in them.
class Gradients {
 public:
  explicit Gradients(const TrainConfig& config) : objective_(make_objective(config.loss, EngineKind::fused, 1)) {
    torch::manual_seed(3);
    network_ = std::make_unique<models::ScoreNetwork>(config.model, test::identity_normalizer());
  }
  [[nodiscard]] torch::Tensor of(const Batch& batch) {
    network_->zero_grad();
    objective_->loss(*network_, batch, 0).backward();
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : network_->parameters())
      parts.push_back((parameter.grad().defined() ? parameter.grad() : torch::zeros_like(parameter)).reshape({-1}));
    return torch::cat(parts).to(torch::kFloat64).clone();
  }

 private:
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<models::ScoreNetwork> network_;
};

/// With every particle drawn once there is no noise: the chain is the sum of its intervals.
TEST_F(DiceChain, IsTheSumOfItsIntervals) {
  const auto config = config_of(380);  // all that are trained on
  auto source = open(config);
  ASSERT_EQ(source.particles(), 380);
  const auto chain = source.make(0);
  const auto nodes = nodes_of(chain);
  ASSERT_EQ(nodes.size(), static_cast<std::size_t>(kFrames));
  Intervals intervals;
  for (auto a = nodes.begin(), b = std::next(a); b != nodes.end(); ++a, ++b)
    intervals.add(a->first, a->second, b->first, b->second, 1);
  Gradients gradients(config);
  const auto expected = gradients.of(intervals.batch(chain)), found = gradients.of(chain);
  EXPECT_LT((found - expected).norm().item<double>(), 1e-4 * expected.norm().item<double>());
}

struct Spread {
  torch::Tensor mean;
  double variance = 0;  ///< E|g - E g|^2

  template <class Draw>
  static Spread of(Gradients& gradients, int draws, const Draw& draw) {
    std::vector<torch::Tensor> seen;
    for (int i = 0; i < draws; ++i) seen.push_back(gradients.of(draw(i)));
    const auto all = torch::stack(seen);
    return {all.mean(0), all.var(0).sum().item<double>()};
  }
};

/// At equal numbers of evaluations. Isolated intervals are random ones, each with sample sets of its own.
TEST_F(DiceChain, VariesFarLessThanIsolatedIntervalsAroundTheSameMean) {
  constexpr int kDraws = 60, kPairs = 24;
  const auto config = config_of(64);
  auto source = open(config);
  Gradients gradients(config);
  const auto chain = Spread::of(gradients, kDraws, [&](int i) { return source.make(i); });
  const auto isolated = Spread::of(gradients, kDraws, [&](int i) {
    Intervals intervals;
    const Philox random(9, static_cast<std::uint64_t>(i));
    Batch like;
    for (int pair = 0; pair < kPairs; ++pair) {
      like = source.make(1000 + kPairs * i + pair);
      const auto nodes = nodes_of(like);
      const auto a = std::next(
          nodes.begin(), static_cast<std::ptrdiff_t>(random.integer(static_cast<std::uint64_t>(pair), kFrames - 1)));
      const auto b = std::next(a);
      intervals.add(a->first, a->second, b->first, b->second, static_cast<double>(kFrames - 1) / kPairs);
    }
    return intervals.batch(like);
  });
  EXPECT_LT(chain.variance, isolated.variance / 20);
  // |difference of the means|^2 is its expectation, give or take: the gradient has many components.
  const double expected = (chain.variance + isolated.variance) / kDraws;
  EXPECT_LT((chain.mean - isolated.mean).square().sum().item<double>(), 3 * expected);
}

TEST_F(DiceChain, HasBothEndsAndEveryNodeItsOwnParticles) {
  for (const std::int64_t stride : {1, 4, 100}) {
    auto config = config_of(64);
    test::set_key(config, "loss.stride=" + std::to_string(stride));
    auto source = open(config);
    for (int step = 0; step < 8; ++step) {
      const auto batch = source.make(step);
      ASSERT_EQ(batch.x.size(0), source.groups());
      const auto nodes = nodes_of(batch);
      EXPECT_EQ(nodes.begin()->first, 0.0f);
      EXPECT_EQ(nodes.rbegin()->first, 1.0f);
      EXPECT_LE(nodes.size(), static_cast<std::size_t>(2 + (kFrames - 2 + stride - 1) / stride));
      std::map<float, double> weight;  // of s at a node, all sets together: 0 everywhere, so that c(t) cancels
      for (std::int64_t g = 0; g < batch.x.size(0); ++g) {
        const auto& terms = batch.terms[static_cast<std::size_t>(g)];
        weight[batch.t[g].item<float>()] += terms.scale * terms.potential;
      }
      for (const auto& [t, sum] : weight) EXPECT_NEAR(sum, 0, 1e-12) << t;
    }
  }
}

}  // namespace
}  // namespace scorefield::training
