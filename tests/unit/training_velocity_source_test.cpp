// Where the targets of the velocity form come from: stored velocities, those of particles that also diffuse,
// differences.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/train_keys.hpp"
#include "training/batch/source.hpp"
#include "training/losses/choose_loss.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

constexpr std::int64_t kParticles = 20000, kFrames = 6;
constexpr double kVariance = 0.25, kSigma = 1;

data::DatasetHeader plane_header() {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu = {{0}};
  header.mu_names = {"mu"};
  for (std::int64_t k = 0; k < kFrames; ++k) header.time.push_back(static_cast<double>(k) / (kFrames - 1));
  header.time_units = "1";
  header.particles = kParticles;
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  return header;
}

class VelocitySource : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  /// Brownian trajectories from N(0, kVariance I).
  void write_brownian(data::DatasetHeader header) {
    data::DatasetWriter writer(path_, header);
    std::vector<float> x(2 * kParticles), v(header.has_velocities ? x.size() : 0);
    for (std::int64_t k = 0; k < kFrames; ++k) {
      const Philox random(5, static_cast<std::uint64_t>(k));
      const double deviation = k == 0 ? std::sqrt(kVariance) : kSigma * std::sqrt(1.0 / (kFrames - 1));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += static_cast<float>(deviation * random.normals(i)[0]);
      writer.write_frame(0, k, x, v);
    }
    writer.commit();
  }

  BatchSource open(const TrainConfig& config) {
    return {data::DatasetReader(path_), test::identity_normalizer(), config, 1};
  }

  std::string path_ =
      (std::filesystem::temp_directory_path() / ("scorefield-velocities-" + std::to_string(::getpid()) + ".h5"))
          .string();
};

/// At x the central differences average to the current velocity sigma^2/2 x/(s^2 + sigma^2 t), the field that moves the
/// marginals; forward differences would average to 0.
TEST_F(VelocitySource, DifferencesAverageToTheCurrentVelocity) {
  write_brownian(plane_header());
  TrainConfig config;
  test::set_key(config, "loss.velocities=differences");
  config.batch = {.mu = 1, .nodes = 4, .particles = 4000};
  auto source = open(config);
  std::map<double, std::array<double, 2>> sums;  // by time: x.v and |x|^2
  for (int step = 0; step < 20; ++step) {
    const auto batch = source.make(step);
    for (std::int64_t g = 0; g < batch.x.size(0); ++g) {
      auto& [product, square] = sums[batch.t[g].item<float>()];
      product += (batch.x[g] * batch.target[g]).sum().item<double>();
      square += batch.x[g].square().sum().item<double>();
    }
  }
  ASSERT_EQ(sums.size(), 4u) << "the first and the last frame have no differences";
  for (const auto& [t, sum] : sums) {
    const double slope = kSigma * kSigma / 2 / (kVariance + kSigma * kSigma * t);
    EXPECT_NEAR(sum[0] / sum[1], slope, 0.05) << "t = " << t;  // 5 deviations of 40,000 values
  }
}

/// The same population with stored velocities 0 and the diffusion sigma^2/2 of one coordinate declared, here over
/// twice the time: smoothed by the jitter, the current velocity is D x/(s^2 + 2 D t + delta^2) along that coordinate
/// and 0 along the other.
TEST_F(VelocitySource, DiffusionThatVelocitiesLeaveOutComesFromTheJitter) {
  auto header = plane_header();
  header.has_velocities = true;
  header.diffusion = {0, kSigma * kSigma / 4};
  for (double& time : header.time) time *= 2;
  write_brownian(header);
  TrainConfig config;
  config.batch = {.mu = 1, .nodes = kFrames, .particles = 4000, .jitter = 0.3};
  auto normalizer = test::identity_normalizer();
  normalizer.scale = {1, 2};  // twice the unit: a quarter of the diffusion, half of every length
  normalizer.time_span = 2;
  BatchSource source(data::DatasetReader(path_), normalizer, config, 1);
  EXPECT_EQ(source.needs().targets_from, "stored velocities, diffusion by the jitter");
  std::map<double, std::array<double, 4>> sums;
  for (int step = 0; step < 40; ++step)
    for (const auto subset : {Subset::training, Subset::validation}) {
      const auto batch = source.make(step, subset);
      for (std::int64_t g = 0; g < batch.x.size(0); ++g) {
        auto& sum = sums[batch.t[g].item<float>()];
        for (std::int64_t c = 0; c < 2; ++c) {
          const auto x = batch.x[g].select(1, c);
          sum[static_cast<std::size_t>(2 * c)] += (x * batch.target[g].select(1, c)).sum().item<double>();
          sum[static_cast<std::size_t>(2 * c + 1)] += x.square().sum().item<double>();
        }
      }
    }
  ASSERT_EQ(sums.size(), static_cast<std::size_t>(kFrames));
  for (const auto& [t, sum] : sums) {
    const double diffusion = kSigma * kSigma / 4 * 2 / 4, variance = (kVariance + kSigma * kSigma * t) / 4 + 0.09;
    EXPECT_NEAR(sum[2] / sum[3], diffusion / variance, 0.04)
        << "t = " << t;  // 4 deviations; half of the samples are 1000 particles
    EXPECT_EQ(sum[0], 0) << "t = " << t;
  }
}

/// A stationary Ornstein-Uhlenbeck process, dX = -X dt + sqrt 2 dW with X ~ N(0, 1), has no current: E[v x] = 0, at
/// spacings that grow by 1.15 from frame to frame as at even ones. Its one-sided differences have E[a x] = -1 and
/// E[b x] = 1 for short steps, so that other weights than one half leave a part of them. The other coordinate goes
/// along parabolas, x = z + c t^2 with c = z: E[v x] = 2 t (1 + t^2), to second order.
class UnevenPaths : public VelocitySource {
 protected:
  static constexpr std::int64_t kTimes = 18;

  data::DatasetHeader header() const {
    auto header = plane_header();
    header.time = {0};
    for (double dt = 0.01; header.time.size() < kTimes; dt *= 1.15) header.time.push_back(header.time.back() + dt);
    return header;
  }
  void write() {
    const auto header = this->header();
    data::DatasetWriter writer(path_, header);
    std::vector<float> x(2 * kParticles);
    for (std::int64_t k = 0; k < kTimes; ++k) {
      const Philox random(5, static_cast<std::uint64_t>(k)), start(6, 0);
      const double t = header.time[static_cast<std::size_t>(k)];
      const double decay = k == 0 ? 0 : std::exp(-(t - header.time[static_cast<std::size_t>(k - 1)]));
      for (std::size_t n = 0; n < kParticles; ++n) {
        x[2 * n] = static_cast<float>(decay * x[2 * n] + std::sqrt(1 - decay * decay) * random.normals(n)[0]);
        x[2 * n + 1] = static_cast<float>(start.normals(n)[0] * (1 + t * t));
      }
      writer.write_frame(0, k, x);
    }
    writer.commit();
  }
};

TEST_F(UnevenPaths, StochasticCoordinatesHaveTheCurrentVelocityAndSmoothOnesSecondOrder) {
  write();
  const double span = header().time.back();
  TrainConfig config;
  test::set_key(config, "loss.velocities=differences");
  config.batch = {.mu = 1, .nodes = 16, .particles = 19000};
  auto normalizer = test::identity_normalizer();
  normalizer.time_span = span;
  const auto correlations = [&](const TrainConfig& chosen) {
    BatchSource source(data::DatasetReader(path_), normalizer, chosen, 1);
    std::array<double, 3> sums{};  // of v x for the diffusion, of the errors of the parabolas, of what they should be
    for (int step = 0; step < 4; ++step) {
      const auto batch = source.make(step);
      for (std::int64_t g = 0; g < batch.x.size(0); ++g) {
        const auto product = (batch.x[g] * batch.target[g]).mean(0) / span;
        const double t = batch.t[g].item<float>() * span, exact = 2 * t * (1 + t * t);
        sums[0] += product[0].item<double>() / static_cast<double>(4 * batch.x.size(0));
        sums[1] += std::abs(product[1].item<double>() - exact * batch.x[g].select(1, 1).square().mean().item<double>() /
                                                            ((1 + t * t) * (1 + t * t)));
        sums[2] += exact;
      }
    }
    return std::pair(sums[0], sums[1] / sums[2]);
  };
  const auto [current, smooth_error] = correlations(config);
  EXPECT_NEAR(current, 0, 0.03);  // (x+ - x-) / (t+ - t-) gives -.07
  EXPECT_LT(smooth_error, 1e-3);
  EXPECT_EQ(open(config).needs().targets_from,
            "velocities by differences (mean of both sides for the stochastic x, to second order for the smooth y)");

  auto other = config;
  test::set_key(other, "loss.paths=smooth");
  EXPECT_GT(std::abs(correlations(other).first), 0.05) << "the weights of smooth paths leave a part of both sides";
  test::set_key(other, "loss.paths=stochastic");
  EXPECT_GT(correlations(other).second, 4e-3);
}

/// Particles that go 8 of a period of 10 from frame to frame look as if they went -2.
class FastParticles : public VelocitySource {
 protected:
  void write(const std::vector<std::string>& coordinates, double speed) {
    auto header = plane_header();
    header.coordinates = coordinates;
    header.periods = {10, 0};
    header.particles = 500;
    for (double& time : header.time) time *= 10;  // 2 apart
    data::DatasetWriter writer(path_, header);
    std::vector<float> x(1000);
    for (std::int64_t k = 0; k < kFrames; ++k) {
      const Philox random(3, 1);
      for (std::size_t n = 0; n < 500; ++n) {
        const double v = speed + 0.1 * random.normals(n)[0], start = 10 * random.uniforms(1000 + n)[0];
        x[2 * n] = static_cast<float>(std::fmod(start + v * header.time[static_cast<std::size_t>(k)], 10.0));
        x[2 * n + 1] = static_cast<float>(v);
      }
      writer.write_frame(0, k, x);
    }
    writer.commit();
  }
  static TrainConfig by_differences() {
    TrainConfig config;
    test::set_key(config, "loss.velocities=differences");
    return config;
  }
};

TEST_F(FastParticles, AreWarnedOfWhereTheirVelocitiesTell) {
  write({"x", "v"}, 4);
  const auto warnings = open(by_differences()).needs().warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("further than half of the period of 'x'"), std::string::npos) << warnings[0];
  write({"x", "v"}, 1);
  EXPECT_TRUE(open(by_differences()).needs().warnings.empty());
}

TEST_F(FastParticles, AreWarnedOfWhereStepsLieNearHalfOfThePeriod) {
  write({"x", "y"}, 2.3);
  const auto warnings = open(by_differences()).needs().warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("half of the period of 'x'"), std::string::npos) << warnings[0];
  write({"x", "y"}, 1);
  EXPECT_TRUE(open(by_differences()).needs().warnings.empty());
}

TEST_F(VelocitySource, IsChosenByWhatTheFileSays) {
  TrainConfig plain;
  TrainConfig smooth = plain;
  smooth.batch.jitter = 0.1;
  TrainConfig stored = plain;
  test::set_key(stored, "loss.velocities=stored");

  auto header = plane_header();
  write_brownian(header);
  EXPECT_EQ(open(plain).needs().targets_from, "velocities by differences");
  EXPECT_THROW(open(stored), FileError);
  header.identity = data::Identity::marginals;
  write_brownian(header);
  EXPECT_THROW(open(plain), FileError);

  header.has_velocities = true;
  write_brownian(header);
  EXPECT_EQ(open(plain).needs().targets_from, "stored velocities");
  header.diffusion = {0, 1};
  write_brownian(header);
  EXPECT_EQ(open(smooth).needs().targets_from, "stored velocities, diffusion by the jitter");
  EXPECT_THROW(open(plain), UsageError);  // marginals have no differences
  header.identity = data::Identity::trajectories;
  write_brownian(header);
  EXPECT_EQ(open(plain).needs().targets_from, "velocities by differences");
  EXPECT_THROW(open(stored), UsageError);
  smooth.batch.jitter_end = 0;
  EXPECT_EQ(open(smooth).needs().targets_from, "velocities by differences");

  plain.loss.name = "dice";
  EXPECT_EQ(open(plain).needs().targets_from, "");
}

/// Trajectories with stored velocities, of which nothing is to be known but the frames.
TEST_F(VelocitySource, IgnoredIdentitiesLeaveSnapshots) {
  auto header = plane_header();
  header.has_velocities = true;
  write_brownian(header);
  TrainConfig config;
  EXPECT_EQ(choose_loss(open_training_data(path_, config), config).name, "velocity");
  test::set_key(config, "batch.identity=ignore");
  const auto choice = choose_loss(open_training_data(path_, config), config);
  EXPECT_EQ(choice.name, "transport");
  EXPECT_NE(choice.reason.find("batch.identity"), std::string::npos);
  config.loss.name = "velocity";
  test::set_key(config, "loss.velocities=differences");
  EXPECT_THROW(validate(config), UsageError) << "differences follow particles";
}

}  // namespace
}  // namespace scorefield::training
