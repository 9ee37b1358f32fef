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

}  // namespace
}  // namespace scorefield::training
