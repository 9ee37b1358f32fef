#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

#include "core/random.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/train_keys.hpp"
#include "training/batch/source.hpp"
#include "training/batch/space_filling.hpp"
#include "training/objective.hpp"

namespace scorefield::training {
namespace {

using test::GaussianCase;

class GaussianBatches : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    path_ =
        (std::filesystem::temp_directory_path() / ("scorefield-batch-" + std::to_string(::getpid()) + ".h5")).string();
    test::write_gaussian_dataset(path_, {0.5, 1.0, 1.5});
  }
  static void TearDownTestSuite() { std::filesystem::remove(path_); }

  static BatchSource make_source(const TrainConfig& config, std::int64_t seed = 1) {
    return {data::DatasetReader(path_), test::identity_normalizer(), config, seed};
  }
  static std::string path_;
};
std::string GaussianBatches::path_;

struct LossCase {
  const char* name;
  const char* loss;
  QuadratureKind rule;
  std::int64_t nodes;
  double sigma;
  LaplacianKind laplacian;
  std::int64_t stride = 1;
  double keep_times = 1;
};

class LossAtExactPotential : public GaussianBatches, public ::testing::WithParamInterface<LossCase> {};

/// Averages over many batches; the statistical error of these settings is below .2 %, the tolerance five times that.
TEST_P(LossAtExactPotential, IsMinusHalfTheKineticAction) {
  const LossCase& c = GetParam();
  TrainConfig config;
  config.loss = {.name = c.loss, .sigma = c.sigma, .laplacian = c.laplacian, .probes = 2};
  test::set_key(config, "loss.stride=" + std::to_string(c.stride));
  config.quadrature = {c.rule, c.nodes};
  config.batch = {.mu = 3, .nodes = 11, .particles = 512, .keep_times = c.keep_times};
  auto source = make_source(config);
  const GroupPotential exact = [&](const auto& x, const auto& mu, const auto& t) {
    return GaussianCase::potential(x, mu, t, c.sigma);
  };
  double sum = 0;
  constexpr int batches = 12;
  for (int i = 0; i < batches; ++i) sum += autograd_objective(exact, config.loss, source.make(i), 1, i).item<double>();
  const double expected = (GaussianCase::least_loss(0.5, c.sigma) + GaussianCase::least_loss(1.0, c.sigma) +
                           GaussianCase::least_loss(1.5, c.sigma)) /
                          3;
  EXPECT_NEAR(sum / batches, expected, 0.01 * std::abs(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Losses, LossAtExactPotential,
    ::testing::Values(
        LossCase{"velocity", "velocity", QuadratureKind::simpson, 3, 0, LaplacianKind::exact},
        LossCase{"velocity_entropic", "velocity", QuadratureKind::simpson, 3, 0.3, LaplacianKind::exact},
        LossCase{"simpson", "action-matching", QuadratureKind::simpson, 33, 0, LaplacianKind::exact},
        LossCase{"gauss_legendre", "action-matching", QuadratureKind::gauss_legendre, 16, 0, LaplacianKind::exact},
        LossCase{"moving_simpson", "action-matching", QuadratureKind::moving_simpson, 33, 0, LaplacianKind::exact},
        LossCase{"simpson_entropic_exact", "action-matching", QuadratureKind::simpson, 33, 0.3, LaplacianKind::exact},
        LossCase{"simpson_entropic_hutchinson", "action-matching", QuadratureKind::simpson, 33, 0.3,
                 LaplacianKind::hutchinson},
        LossCase{"velocity_missing_times", "velocity", QuadratureKind::simpson, 3, 0, LaplacianKind::exact, 1, 0.4},
        LossCase{"dice", "dice", QuadratureKind::simpson, 3, 0, LaplacianKind::exact},
        LossCase{"dice_stride", "dice", QuadratureKind::simpson, 3, 0, LaplacianKind::exact, 3},
        LossCase{"dice_missing_times", "dice", QuadratureKind::simpson, 3, 0, LaplacianKind::exact, 1, 0.6},
        LossCase{"dice_entropic", "dice", QuadratureKind::simpson, 3, 0.3, LaplacianKind::exact}),
    [](const auto& info) { return info.param.name; });

/// On few nodes a rule mistakes c(t) for a gain of the loss; with gauge points it cancels to round-off, whatever the
/// rule.
TEST_F(GaussianBatches, GaugePointsMakeTheLossBlindToFunctionsOfTime) {
  for (const auto rule : {QuadratureKind::simpson, QuadratureKind::gauss_legendre}) {
    TrainConfig config;
    config.loss.name = "action-matching";
    test::set_key(config, "loss.gauge=3");
    config.quadrature = {rule, 5};
    config.batch = {.mu = 2, .particles = 64};
    auto source = make_source(config);
    auto batch = source.make(0);
    ASSERT_EQ(batch.gauge.sizes(), (std::vector<std::int64_t>{3, 2}));
    for (auto* tensor : {&batch.x, &batch.mu, &batch.t, &batch.gauge}) *tensor = tensor->to(torch::kFloat64);
    const auto with = [&](double amplitude) -> GroupPotential {
      return [amplitude](const auto& x, const auto& mu, const auto& t) {
        return GaussianCase::potential(x, mu, t, 0) + amplitude * torch::sin(25 * t).unsqueeze(-1);
      };
    };
    const double fixed = autograd_objective(with(0), config.loss, batch, 1, 0).item<double>();
    EXPECT_NEAR(autograd_objective(with(10), config.loss, batch, 1, 0).item<double>(), fixed, 1e-11);
    batch.gauge = torch::Tensor();
    const double free = autograd_objective(with(0), config.loss, batch, 1, 0).item<double>();
    EXPECT_GT(std::abs(autograd_objective(with(10), config.loss, batch, 1, 0).item<double>() - free), 1.0);
  }
}

TEST_F(GaussianBatches, GaugePointsDoNotChangeAResolvedLoss) {
  TrainConfig config;
  config.loss.name = "action-matching";
  test::set_key(config, "loss.gauge=4");
  config.quadrature = {QuadratureKind::gauss_legendre, 16};
  config.batch = {.mu = 1, .particles = 64};
  auto batch = make_source(config).make(0);
  for (auto* tensor : {&batch.x, &batch.mu, &batch.t, &batch.gauge}) *tensor = tensor->to(torch::kFloat64);
  const GroupPotential exact = [](const auto& x, const auto& mu, const auto& t) {
    return GaussianCase::potential(x, mu, t, 0);
  };
  const double fixed = autograd_objective(exact, config.loss, batch, 1, 0).item<double>();
  batch.gauge = torch::Tensor();
  // The batch holds the nodes in float32, and the rule is as inexact as they are.
  EXPECT_NEAR(autograd_objective(exact, config.loss, batch, 1, 0).item<double>(), fixed, 6e-8);
}

TEST_F(GaussianBatches, BothEnginesFixTheGaugeAlike) {
  TrainConfig config;
  config.loss.name = "action-matching";
  test::set_key(config, "loss.gauge=2");
  config.quadrature = {QuadratureKind::simpson, 5};
  config.batch = {.mu = 2, .particles = 40};
  auto batch = make_source(config).make(0);
  torch::manual_seed(1);
  models::ScoreNetwork network(config.model, test::identity_normalizer());
  network.to(torch::kFloat64);
  for (auto* tensor : {&batch.x, &batch.mu, &batch.t, &batch.gauge}) *tensor = tensor->to(torch::kFloat64);
  std::vector<torch::Tensor> gradients[2];
  double value[2];
  for (const auto engine : {EngineKind::fused, EngineKind::autograd}) {
    const int e = engine == EngineKind::fused ? 0 : 1;
    network.zero_grad();
    const auto loss = make_objective(config.loss, engine, 1)->loss(network, batch, 0);
    loss.backward();
    value[e] = loss.item().toDouble();
    for (const auto& parameter : network.parameters())
      gradients[e].push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::zeros_like(parameter));
  }
  EXPECT_NEAR(value[0], value[1], 1e-10 * std::abs(value[1]));
  for (std::size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_LE((gradients[0][i] - gradients[1][i]).norm().item<double>(),
              1e-11 * gradients[1][i].norm().item<double>() + 1e-14)
        << i;
}

/// What adding c(t) to a potential changes in the loss of one batch, in double precision.
double effect_of_gauge(BatchSource source, const LossOptions& loss) {
  auto batch = source.make(2);
  for (torch::Tensor* tensor : {&batch.x, &batch.mu, &batch.t}) *tensor = tensor->to(torch::kFloat64);
  const GroupPotential exact = [](const auto& x, const auto& mu, const auto& t) {
    return GaussianCase::potential(x, mu, t, 0);
  };
  const GroupPotential shifted = [&](const auto& x, const auto& mu, const auto& t) {
    return exact(x, mu, t) + (100 * (40 * t).sin()).unsqueeze(1);
  };
  return (autograd_objective(shifted, loss, batch, 1, 0) - autograd_objective(exact, loss, batch, 1, 0)).item<double>();
}

/// Also at unequal intervals: with missing times they differ in length, and the chains of different mu, too.
TEST_F(GaussianBatches, DiceIsInvariantToAFunctionOfTimeToRoundOff) {
  TrainConfig config;
  config.loss.name = "dice";
  config.batch = {.mu = 3, .nodes = 7, .particles = 64, .keep_times = 0.5};
  EXPECT_NEAR(effect_of_gauge(make_source(config), config.loss), 0, 1e-10);
}

TEST_F(GaussianBatches, MissingTimesDifferBetweenMuAndKeepBothEnds) {
  TrainConfig config;
  config.batch = {.mu = 3, .nodes = 40, .particles = 2, .keep_times = 0.3};
  auto source = make_source(config);
  std::map<float, std::set<float>> seen;
  for (int step = 0; step < 20; ++step) {
    const auto batch = source.make(step);
    for (std::int64_t g = 0; g < batch.t.size(0); ++g)
      seen[batch.mu[g][0].item<float>()].insert(batch.t[g].item<float>());
  }
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [mu, times] : seen) {
    EXPECT_LT(times.size(), 22u);  // of 33; 11.3 on average
    EXPECT_EQ(*times.begin(), 0.0f);
    EXPECT_EQ(*times.rbegin(), 1.0f);
  }
  EXPECT_NE(seen.at(0.5f), seen.at(1.0f));
}

TEST_F(GaussianBatches, AreAPureFunctionOfSeedAndStep) {
  TrainConfig config;
  auto a = make_source(config), b = make_source(config), other = make_source(config, 2);
  static_cast<void>(a.make(3));
  EXPECT_TRUE(torch::equal(a.make(7).x, b.make(7).x));
  EXPECT_FALSE(torch::equal(a.make(7).x, a.make(8).x));
  EXPECT_FALSE(torch::equal(a.make(7).x, other.make(7).x));
}

TEST_F(GaussianBatches, DoNotDependOnTheMemoryBudget) {
  TrainConfig config;
  auto roomy = make_source(config);
  config.training.memory_limit = 1;  // MiB; the dataset has 6
  auto tight = make_source(config);
  for (int step = 0; step < 5; ++step) EXPECT_TRUE(torch::equal(roomy.make(step).x, tight.make(step).x));
}

TEST_F(GaussianBatches, ValidationParticlesAreNeverTrainedOn) {
  TrainConfig config;
  config.batch.particles = 400;
  config.training.validation_fraction = 0.25;
  auto source = make_source(config);
  // Values repeat exactly when a particle does: both subsets are drawn many times from the same first frame.
  const auto first_frame_rows = [&](Subset subset) {
    std::set<std::pair<float, float>> rows;
    for (int step = 0; step < 20; ++step) {
      const auto batch = source.make(step, subset);
      for (std::int64_t g = 0; g < batch.x.size(0); ++g)
        if (batch.t[g].item<float>() == 0)
          for (std::int64_t i = 0; i < batch.x.size(1); ++i)
            rows.insert({batch.x[g][i][0].item<float>(), batch.x[g][i][1].item<float>()});
    }
    return rows;
  };
  const auto training = first_frame_rows(Subset::training), validation = first_frame_rows(Subset::validation);
  ASSERT_FALSE(training.empty());
  ASSERT_FALSE(validation.empty());
  for (const auto& row : validation) EXPECT_EQ(training.count(row), 0u);
}

/// Particle codes write by species and cell: here the rows are sorted by x.
TEST_F(GaussianBatches, TheOrderInTheFileDoesNotDecideWhatIsTrainedOn) {
  for (const auto identity : {data::Identity::trajectories, data::Identity::marginals}) {
    const auto sorted = path_ + ".sorted";
    constexpr std::int64_t particles = 4000;
    auto header = data::DatasetReader(path_).header();
    header.identity = identity;
    header.has_velocities = false;
    header.particles = particles;
    header.mu = {{1.0}};
    {
      data::DatasetWriter writer(sorted, header);
      for (std::int64_t k = 0; k < header.frames(); ++k) {
        std::vector<float> rows;
        for (std::int64_t i = 0; i < particles; ++i) {
          rows.push_back(static_cast<float>(GaussianCase::quantile((static_cast<double>(i) + 0.5) / particles)));
          rows.push_back(0.0F);
        }
        writer.write_frame(0, k, rows, {});
      }
      writer.commit();
    }
    TrainConfig config;
    config.loss.name = "action-matching";
    config.batch.particles = 200;
    BatchSource source(data::DatasetReader(sorted), test::identity_normalizer(), config, 1);
    for (const auto subset : {Subset::training, Subset::validation}) {
      const auto x = source.make(0, subset).x.select(-1, 0);
      EXPECT_NEAR(x.mean().item<double>(), 0, 0.25) << "of 200 validation particles; the last 5 % have mean 2";
      EXPECT_NEAR(x.std().item<double>(), 1, 0.2);
    }
    std::filesystem::remove(sorted);
  }
}

/// Of two frames the same random numbers draw the same particle where particles are followed, and another one where
/// their identities are ignored: in units of the Gaussian all frames have the same coordinates z.
TEST_F(GaussianBatches, IgnoredIdentitiesDrawOtherParticlesAtOtherTimes) {
  for (const bool ignored : {false, true}) {
    data::DatasetReader reader(path_);
    if (ignored) reader.ignore_identity();
    EXPECT_EQ(data::identity_word(reader.header()), ignored ? "ignored" : "trajectories");
    EXPECT_EQ(reader.header().follows(), !ignored);
    TrainConfig config;
    config.batch.sampling = SamplingKind::random;
    const Particles particles(std::move(reader), test::identity_normalizer(), config, 1, {});
    constexpr std::int64_t n = 400;
    std::vector<torch::Tensor> z;
    for (const std::int64_t frame : {std::int64_t{0}, std::int64_t{32}}) {
      std::vector<float> x(2 * n);
      particles.draw({.mu_index = 1, .time = 0, .frame = frame}, {7, Subset::training}, x);
      const double t = frame == 0 ? 0 : 1;
      const auto mean = torch::tensor({t, -0.5 * t});
      z.push_back((torch::tensor(x).view({n, 2}) - mean) / GaussianCase::spread(t));
    }
    const double distance = (z[1] - z[0]).norm(2, -1).mean().item<double>();
    if (ignored) EXPECT_NEAR(distance, std::sqrt(std::numbers::pi), 0.2) << "two independent draws";
    else EXPECT_LT(distance, 1e-5);
  }
}

/// With samples jittered alike, the entropic term from the jitter has the mean of the exact Laplacian's, for every
/// loss. For s - x_2^3 / 2 it is (sigma^2/2) (2 int S'/S dt - 3 E[x_2]) = .32 (2 ln 1.8 + .75) = .616.
TEST_F(GaussianBatches, JitterGivesTheLaplacianByStein) {
  const GroupPotential cubic = [](const auto& x, const auto& mu, const auto& t) {
    return GaussianCase::potential(x, mu, t, 0) - 0.5 * x.select(-1, 1).pow(3);
  };
  for (const auto kind : {"velocity", "action-matching", "dice"}) {
    TrainConfig config;
    config.loss = {.name = kind, .sigma = 0.8, .laplacian = LaplacianKind::stein};
    config.quadrature = {QuadratureKind::moving_simpson, 9};
    config.batch = {.mu = 1, .nodes = 9, .particles = 64, .jitter = 0.5};
    auto exact = config;
    exact.loss.laplacian = LaplacianKind::exact;
    auto source = make_source(config), exact_source = make_source(exact);
    constexpr int kSteps = 50;
    double mean = 0, square = 0;
    for (int step = 0; step < kSteps; ++step) {
      const double difference = autograd_objective(cubic, config.loss, source.make(step), 1, step).item<double>() -
                                autograd_objective(cubic, exact.loss, exact_source.make(step), 1, step).item<double>();
      mean += difference / kSteps;
      square += difference * difference / kSteps;
    }
    const double error = std::sqrt((square - mean * mean) / kSteps);
    EXPECT_LT(std::abs(mean), 4 * error);
    EXPECT_LT(error, 0.05 * 0.616) << "too few steps to see the term";
  }
}

/// For s = x_2 the loss is 1/2 + mean_0 x_2 - mean_1 x_2, with variance (S(0)^2 + S(1)^2) / (E N) from E groups of N
/// draws.
TEST_F(GaussianBatches, EndGroupsShareTheBoundaryTerms) {
  const GroupPotential second = [](const auto& x, const auto&, const auto&) { return x.select(-1, 1); };
  for (const auto rule : {QuadratureKind::simpson, QuadratureKind::gauss_legendre})
    for (const std::int64_t end_groups : {1, 8}) {
      TrainConfig config;
      config.loss.name = "action-matching";
      test::set_key(config, "loss.gauge=0");
      config.quadrature = {rule, 5, end_groups};
      config.batch = {.mu = 1, .particles = 8, .sampling = SamplingKind::random};
      auto source = make_source(config);
      constexpr int kSteps = 200;
      double mean = 0, square = 0;
      for (int step = 0; step < kSteps; ++step) {
        const auto batch = source.make(step);
        ASSERT_EQ(batch.x.size(0), source.groups());
        const double deviation = autograd_objective(second, config.loss, batch, 1, step).item<double>() - 1;
        mean += deviation / kSteps;
        square += deviation * deviation / kSteps;
      }
      const double variance = (0.5 * 0.5 + 0.9 * 0.9) / static_cast<double>(8 * end_groups);
      EXPECT_LT(std::abs(mean), 4 * std::sqrt(variance / kSteps));
      EXPECT_NEAR(square / variance, 1, 4 * std::sqrt(2.0 / kSteps));
    }
}

/// The reason for stratified sampling: the batch mean of a smooth function varies far less than with independent draws.
TEST_F(GaussianBatches, StratifiedMeansVaryLess) {
  constexpr int kSteps = 1000;
  const auto deviation = [&](SamplingKind sampling) {
    TrainConfig config;
    config.batch = {.mu = 1, .nodes = 1, .particles = 256, .sampling = sampling};
    config.loss.name = "action-matching";
    config.quadrature = {QuadratureKind::trapezoid, 2};
    auto source = make_source(config);
    std::vector<double> means;
    for (int step = 0; step < kSteps; ++step)
      means.push_back(source.make(step).x[0].square().sum(-1).mean().item<double>());
    const double mean = std::accumulate(means.begin(), means.end(), 0.0) / kSteps;
    double variance = 0;
    for (const double value : means) variance += (value - mean) * (value - mean) / (kSteps - 1);
    EXPECT_NEAR(mean, 2 * 0.25, 0.02);  // E|x|^2 of N(0, .5^2 I)
    return std::sqrt(variance);
  };
  EXPECT_LT(deviation(SamplingKind::stratified), 0.3 * deviation(SamplingKind::random));  // measured: 0.27
}

TEST_F(GaussianBatches, TrajectoriesAreInterpolatedAlongTheirPath) {
  TrainConfig config;
  config.loss.name = "action-matching";
  config.quadrature = {QuadratureKind::gauss_legendre, 5};
  config.batch = {.mu = 1, .nodes = 1, .particles = 64, .sampling = SamplingKind::random};
  auto source = make_source(config);
  const auto batch = source.make(0);
  const double mu = batch.mu[0][0].item<double>();
  for (std::int64_t q = 0; q < 5; ++q) {
    // Paths are straight lines m(t) + S(t) z, so interpolation is exact: the z recovered at any node are the file's.
    const double t = batch.t[q].item<double>();
    const auto z = (batch.x[q] - torch::tensor({mu * t, -0.5 * t})) / GaussianCase::spread(t);
    EXPECT_NEAR(z.square().mean().item<double>(), 1.0, 0.5);
    const auto first = (z.select(1, 0) / std::sqrt(2.0)).erf().add(1).div(2);
    // z_0 = Phi^-1(frac(.5 + .7548776662466927 n)): u is on that lattice for some n below N.
    const auto lattice = torch::arange(4000, torch::kFloat64).mul(0.7548776662466927).add(0.5);
    const auto grid = lattice - lattice.floor();
    const auto distance = (first.to(torch::kFloat64).unsqueeze(1) - grid.unsqueeze(0)).abs().amin(1);
    EXPECT_LT(distance.max().item<double>(), 2e-6);
  }
}

TEST(HilbertOrder, IsAPermutationWithCompactRuns) {
  std::vector<float> x;
  const Philox random(1, 2);
  constexpr std::size_t count = 4096;
  for (std::size_t i = 0; i < count; ++i)
    for (const double u : random.uniforms(i)) x.push_back(static_cast<float>(u));
  const auto order = hilbert_order(x, 2);
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(sorted[i], static_cast<std::int64_t>(i));
  // 64 runs of 64 points fill cells of area 1/64: their bounding boxes are of order 1/8, not 1.
  double area = 0;
  for (std::size_t run = 0; run < 64; ++run) {
    float low[2] = {1, 1}, high[2] = {0, 0};
    for (std::size_t i = run * 64; i < (run + 1) * 64; ++i)
      for (std::size_t c = 0; c < 2; ++c) {
        low[c] = std::min(low[c], x[static_cast<std::size_t>(order[i]) * 2 + c]);
        high[c] = std::max(high[c], x[static_cast<std::size_t>(order[i]) * 2 + c]);
      }
    area += (high[0] - low[0]) * (high[1] - low[1]);
  }
  EXPECT_LT(area, 2.0);  // the runs' boxes cover the unit square about once
}

TEST(HilbertOrder, SortsInOneDimension) {
  const std::vector<float> x{0.3f, -1.0f, 2.0f, 0.1f};
  EXPECT_EQ(hilbert_order(x, 1), (std::vector<std::int64_t>{1, 3, 0, 2}));
}

}  // namespace
}  // namespace scorefield::training
