// Forces of positions: bases, courses and steps by exactness and order, least squares against known forces from every
// form of data, and models of them through files, rollouts and calibration.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/problems/problem.hpp"
#include "models/fields/leapfrog.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/calibration/calibrate.hpp"
#include "training/fields/choose_field.hpp"
#include "training/fields/force/force_fit.hpp"
#include "training/fields/force/force_model.hpp"
#include "training/fields/force/frame_moments.hpp"
#include "training/fields/force/own_field.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/model_file.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using models::ForceCourse;
using models::PositionBasis;
using std::numbers::pi;
using test::expect_error;

/// (x, v) of 4000 particles of density 1 + 0.3 cos x and speed 0.5, quietly.
std::vector<float> cosine_particles() {
  std::vector<float> samples;
  for (int i = 0; i < 4000; ++i) {
    const double share = 2 * pi * (i + 0.5) / 4000;
    double x = share;
    for (int n = 0; n < 40; ++n) x = share - 0.3 * std::sin(x);
    samples.push_back(static_cast<float>(x));
    samples.push_back(0.5f);
  }
  return samples;
}

TEST(SplineSlopes, AreExactForCubicsAtUnevenTimes) {
  const std::vector<double> time{0, 0.3, 1, 1.2, 2};
  std::vector<double> value, slope;
  for (const double t : time)
    for (const double a : {1.0, -2.0}) {
      value.push_back(a * t * t * t - t * t + 3);
      slope.push_back(3 * a * t * t - 2 * t);
    }
  const auto found = models::spline_slopes(time, value);
  for (std::size_t i = 0; i < slope.size(); ++i) EXPECT_NEAR(found[i], slope[i], 1e-12);
  const ForceCourse course{time, value, found};
  std::vector<double> at(2);
  course.at(0.77, at);
  EXPECT_NEAR(at[1], -2 * 0.77 * 0.77 * 0.77 - 0.77 * 0.77 + 3, 1e-12);
  course.at(-5, at);
  EXPECT_EQ(at[0], 3);
  EXPECT_NEAR(models::spline_slopes({0, 1, 3}, {0, 1, 9})[1], 2, 1e-13);
}

TEST(PositionBasis, SlopesMatchCentralDifferences) {
  const PositionBasis basis({{0, 2, true}, {-1, 3, false}, {0, 1, true}}, 2);
  const std::size_t c = basis.size();
  std::vector<double> phi(c), slopes(3 * c), up(c), down(c);
  const std::vector<double> x{0.3, 0.4, 0.15};
  basis.values(x, phi, slopes);
  for (std::size_t a = 0; a < 3; ++a) {
    auto moved = x;
    constexpr double h = 1e-5;
    moved[a] = x[a] + h;
    basis.values(moved, up);
    moved[a] = x[a] - h;
    basis.values(moved, down);
    for (std::size_t j = 0; j < c; ++j) EXPECT_NEAR(slopes[a * c + j], (up[j] - down[j]) / (2 * h), 1e-6);
  }
}

TEST(WaveSum, IsTheSumOfTheBasisFunctions) {
  const PositionBasis basis({{0.5, 2, true}, {-1, 3, false}, {0, 1, true}}, 3);
  const Philox random(2, 7);
  std::vector<double> coefficients, phi(basis.size());
  for (std::size_t j = 0; j < 3 * basis.size(); ++j) coefficients.push_back(random.normals(j)[0]);
  std::vector<float> x, out;
  for (std::uint64_t i = 0; i < 450; ++i) {
    x.push_back(static_cast<float>(3 * random.normals(1000 + i)[1]));
    out.push_back(static_cast<float>(i));
  }
  const models::WaveSum sum(basis);
  sum.add(coefficients, 0.5, x, out);
  for (std::size_t n = 0; n < 150; ++n) {
    const std::vector<double> at{x[3 * n], x[3 * n + 1], x[3 * n + 2]};
    basis.values(at, phi);
    for (std::size_t a = 0; a < 3; ++a) {
      double expected = static_cast<double>(3 * n + a);
      for (std::size_t j = 0; j < phi.size(); ++j) expected += 0.5 * phi[j] * coefficients[a * basis.size() + j];
      EXPECT_NEAR(out[3 * n + a], expected, 1e-3) << n << ' ' << a;
    }
  }
}

/// F = -sin x on the circle, constant in time.
ForceCourse pendulum(const PositionBasis& basis) {
  ForceCourse course{{0, 1}, std::vector<double>(2 * basis.size()), std::vector<double>(2 * basis.size())};
  for (std::size_t k = 0; k < 2; ++k) course.value[k * basis.size() + basis.first_wave() + 1] = -1;
  return course;
}

TEST(Leapfrog, KeepsAPendulumsEnergyToSecondOrder) {
  const PositionBasis basis({{0, 2 * pi, true}}, 3);
  const auto course = pendulum(basis);
  const auto energy_error = [&](std::int64_t steps) {
    models::Leapfrog particles(basis, course);
    const std::vector<float> x{2.0f}, v{0.5f};
    particles.place(x, v);
    std::vector<float> at(1), speed(1);
    double worst = 0;
    for (int period = 0; period < 10; ++period) {
      particles.advance(0, 3, steps);
      particles.read(at, speed);
      const double energy = speed[0] * speed[0] / 2 - std::cos(at[0]);
      worst = std::max(worst, std::abs(energy - (0.125 - std::cos(2.0))));
    }
    return worst;
  };
  const double coarse = energy_error(15), fine = energy_error(30);
  EXPECT_NEAR(std::log2(coarse / fine), 2, 0.15);
  EXPECT_LT(fine, 3e-3);
}

TEST(Leapfrog, WrapsAndFollowsTheSumOfWavesInTwoDimensions) {
  const PositionBasis line({{0, 2 * pi, true}}, 3), plane({{0, 2 * pi, true}, {0, 2 * pi, true}}, 2);
  const auto alone = pendulum(line);
  const std::size_t c = plane.size();
  ForceCourse both{{0, 1}, std::vector<double>(4 * c), std::vector<double>(4 * c)};
  for (std::size_t w = 0; w < plane.waves(); ++w)
    for (std::size_t a = 0; a < 2; ++a)
      if (plane.wave(w)[a] == 1 && plane.wave(w)[1 - a] == 0)
        for (std::size_t k = 0; k < 2; ++k) both.value[k * 2 * c + a * c + plane.first_wave() + 2 * w + 1] = -1;
  models::Leapfrog one(line, alone), two(plane, both);
  one.place(std::vector<float>{1, 6}, std::vector<float>{2, 3});
  two.place(std::vector<float>{1, 6}, std::vector<float>{2, 3});
  one.advance(0, 4, 80);
  two.advance(0, 4, 80);
  std::vector<float> x(2), v(2), y(2), w(2);
  one.read(x, v);
  two.read(y, w);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(x[i], y[i], 1e-4);
    EXPECT_NEAR(v[i], w[i], 1e-4);
    EXPECT_GE(x[i], 0);
    EXPECT_LT(x[i], 2 * pi);
  }
}

/// Particles on the circle under F = -mu cos(t) sin x, or on the line under F = -mu x.
struct Driven {
  std::vector<double> mu{0.5, 1.0, 1.5};
  bool periodic = true;
  std::int64_t particles = 2000, frames = 25;
  double end = 3;
  data::Identity identity = data::Identity::trajectories;
  bool velocities = true;
  std::vector<std::string> coordinates{"x", "v"};

  [[nodiscard]] double force(double x, double at, double t) const {
    return periodic ? -at * std::cos(t) * std::sin(x) : -at * x;
  }

  /// x and v of particle i at time t, by small steps.
  [[nodiscard]] std::vector<std::array<double, 2>> path(std::int64_t i, double at) const {
    const Philox random(3, 1);
    const auto u = random.uniforms(static_cast<std::uint64_t>(i));
    double x = periodic ? 2 * pi * (static_cast<double>(i) + 0.5) / static_cast<double>(particles) : 4 * u[0] - 2;
    double v = 2 * u[1] - 0.7;
    std::vector<std::array<double, 2>> path{{x, v}};
    constexpr int kSub = 40;
    const double h = end / static_cast<double>(frames - 1) / kSub;
    double t = 0;
    for (std::int64_t k = 1; k < frames; ++k) {
      for (int n = 0; n < kSub; ++n, t += h) {
        v += h / 2 * force(x, at, t);
        x += h * v;
        v += h / 2 * force(x, at, t + h);
      }
      path.push_back({x, v});
    }
    return path;
  }

  void write(const std::string& path_name) const {
    data::DatasetHeader header;
    header.provenance.format = data::kDatasetFormat;
    for (const double at : mu) header.mu.push_back({at});
    header.mu_names = {"mu"};
    for (std::int64_t k = 0; k < frames; ++k)
      header.time.push_back(end * static_cast<double>(k) / static_cast<double>(frames - 1));
    header.particles = particles;
    header.coordinates = coordinates;
    header.units = {"1", "1"};
    header.periods = {periodic ? 2 * pi : 0, 0};
    header.identity = identity;
    header.has_velocities = velocities;
    data::DatasetWriter writer(path_name, header);
    for (std::size_t m = 0; m < mu.size(); ++m) {
      std::vector<std::vector<std::array<double, 2>>> paths;
      for (std::int64_t i = 0; i < particles; ++i) paths.push_back(path(i, mu[m]));
      for (std::int64_t k = 0; k < frames; ++k) {
        std::vector<float> samples, rates;
        for (std::int64_t i = 0; i < particles; ++i) {
          // Snapshots: row i is another particle at every time.
          const auto row = identity == data::Identity::trajectories ? i : (i * 7 + k * 13) % particles;
          const auto [x, v] = paths[static_cast<std::size_t>(row)][static_cast<std::size_t>(k)];
          samples.push_back(static_cast<float>(periodic ? x - 2 * pi * std::floor(x / (2 * pi)) : x));
          samples.push_back(static_cast<float>(v));
          rates.push_back(static_cast<float>(v));
          rates.push_back(static_cast<float>(force(x, mu[m], header.time[static_cast<std::size_t>(k)])));
        }
        writer.write_frame(static_cast<std::int64_t>(m), k, samples, velocities ? rates : std::vector<float>());
      }
    }
    writer.commit();
  }
};

class ForceData : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  /// Largest error of the force of run 2 between the times of its frames, over positions that particles have.
  double largest_error(const Driven& data, const ForceOptions& options, double* typical = nullptr) {
    data.write(path("data.h5"));
    const data::DatasetReader reader(path("data.h5"));
    const auto fit = fit_force(reader, options, {});
    const auto& run = fit.runs[1];
    std::vector<double> phi(fit.basis.size()), c(fit.basis.size());
    double worst = 0, sum = 0;
    int count = 0;
    for (double t = 0.05; t < data.end; t += 0.11)
      for (double share = -1; share <= 1; share += 0.1) {
        const double at = data.periodic ? 1.5 + 1.2 * share : 0.6 * share;  // where there are particles at all times
        fit.basis.values({&at, 1}, phi);
        run.at(t, c);
        double force = 0;
        for (std::size_t j = 0; j < phi.size(); ++j) force += phi[j] * c[j];
        const double error = std::abs(force - data.force(at, data.mu[1], t));
        worst = std::max(worst, error);
        sum += error * error;
        ++count;
      }
    if (typical) *typical = std::sqrt(sum / count);
    return worst;
  }

  void train_force(TrainConfig config = {}, const std::string& output = "model.h5") {
    config.field.name = "force";
    OptionSet set;
    TrainConfig copy = config;
    bind(set, copy);
    result_ = train(
        {.data_path = path("data.h5"), .output_path = path(output), .config = config, .config_toml = set.to_toml()});
  }

  test::TemporaryFolder folder_;
  TrainResult result_;
};

TEST_F(ForceData, StoredAccelerationsGiveTheForceExactly) {
  EXPECT_LT(largest_error({}, {.source = ForceSource::stored, .modes = 4}), 1e-4);
  EXPECT_LT(largest_error({.periodic = false}, {.source = ForceSource::stored, .modes = 4}), 1e-3);
}

TEST_F(ForceData, FollowedParticlesGiveItToSecondOrder) {
  const Driven few{.frames = 25, .velocities = false}, many{.frames = 49, .velocities = false};
  const double coarse = largest_error(few, {.modes = 4}), fine = largest_error(many, {.modes = 4});
  EXPECT_LT(coarse, 0.03);
  EXPECT_LT(fine, 0.4 * coarse);
  EXPECT_LT(largest_error({.periodic = false, .velocities = false}, {.modes = 4}), 0.05);
}

TEST_F(ForceData, SnapshotsGiveItByTheBalanceOfMomentum) {
  double typical = 0;
  largest_error({.identity = data::Identity::marginals, .velocities = false}, {.modes = 2}, &typical);
  EXPECT_LT(typical, 0.02);
  largest_error({.periodic = false, .identity = data::Identity::marginals, .velocities = false}, {.modes = 1},
                &typical);
  EXPECT_LT(typical, 0.05);
}

/// n = 1 + a cos x at charge density -2 and permittivity 0.5: div E = -4 a cos x, and q/m E = 12 a sin x for -3.
TEST_F(ForceData, ChargeInItsBoxGivesItByPoissonsEquation) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu = {{1}};
  header.mu_names = {"mu"};
  header.time = {0, 1, 2, 3};
  header.particles = 4000;
  header.coordinates = {"x", "v"};
  header.units = {"1", "1"};
  header.periods = {2 * pi, 0};
  header.identity = data::Identity::marginals;
  header.field = data::ChargedBox{{"x"}, {{2 * pi}}, {-2}, 0.5};
  data::DatasetWriter writer(path("data.h5"), header);
  const auto samples = cosine_particles();
  for (int k = 0; k < 4; ++k) writer.write_frame(0, k, samples);
  writer.commit();
  const auto fit = fit_force(data::DatasetReader(path("data.h5")), {.modes = 3, .charge_to_mass = -3}, {});
  const auto& run = fit.runs.front();
  const auto wave = fit.basis.first_wave();
  EXPECT_NEAR(run.value[wave + 1], 12 * 0.3, 2e-3);
  EXPECT_NEAR(run.value[wave], 0, 2e-3);
  EXPECT_NEAR(run.value[wave + 2], 0, 2e-3);
  // A density that moves at 0.5: d/dt sin(x - t/2) = -cos(x)/2.
  EXPECT_NEAR(run.slope[wave], -12 * 0.3 / 2, 2e-3);
  EXPECT_EQ(fit.charge_to_mass, -3);
}

TEST_F(ForceData, ModelsRollOutAtUnseenMuWhereTheParticlesGo) {
  const Driven data;
  data.write(path("data.h5"));
  TrainConfig config;
  train_force(config);
  EXPECT_THAT(result_.description, ::testing::HasSubstr("stored accelerations"));
  Driven truth = data;
  truth.mu = {1.25};
  truth.write(path("truth.h5"));
  InferRequest request{.model_path = path("model.h5"), .output_path = path("rollout.h5")};
  request.options.mu = {{1.25}};
  request.options.start.path = path("truth.h5");
  request.options.log_density = LogDensityKind::change;
  static_cast<void>(infer(request));
  const data::DatasetReader rollout(path("rollout.h5")), reference(path("truth.h5"));
  const auto last = data.frames - 1;
  const auto moved = rollout.read_frame(0, last).samples, expected = reference.read_frame(0, last).samples;
  double worst = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    double way = moved[i] - expected[i];
    if (i % 2 == 0) way -= 2 * pi * std::round(way / (2 * pi));
    worst = std::max(worst, std::abs(way));
  }
  EXPECT_LT(worst, 5e-3);
}

TEST_F(ForceData, ModelsAreReadBackAndFittedAgainAlike) {
  Driven{.particles = 300}.write(path("data.h5"));
  train_force();
  train_force({}, "again.h5");
  const auto model = load_model(path("model.h5")), again = load_model(path("again.h5"));
  EXPECT_EQ(model.kind, "force");
  EXPECT_EQ(model.network, nullptr);
  const auto& force = dynamic_cast<const ForceMover&>(require_mover(model, "model.h5")).force();
  EXPECT_EQ(force.runs.size(), 3U);
  EXPECT_EQ(force.runs[1].value, dynamic_cast<const ForceMover&>(*again.mover).force().runs[1].value);
  expect_error<UsageError>([&] { static_cast<void>(require_score(model, "model.h5")); },
                           {"model.h5", "force", "infer"});
  expect_error<UsageError>([&] { static_cast<void>(require_drift(model, "model.h5")); }, {"force"});
}

/// The derivatives of a rollout with respect to mu, against differences of rollouts.
TEST_F(ForceData, TangentsMatchDifferencesInMu) {
  Driven{.particles = 400}.write(path("data.h5"));
  train_force();
  const auto model = load_model(path("model.h5"));
  const auto moved = [&](double mu, Carried carried) {
    auto state = torch::tensor({{0.5, -0.3}, {1.9, 0.8}}, torch::kFloat64).to(torch::kFloat32);
    if (carried == Carried::tangent) state = torch::cat({state, torch::zeros({2, 2})}, 1);
    torch::Tensor end;
    Motion motion{{mu}, carried, state, {0, 0.5, 1}, {}};
    motion.integration.steps = 200;
    model.mover->move(motion, [&](std::int64_t, const torch::Tensor& frame) { end = frame; });
    return end.to(torch::kFloat64);
  };
  const auto end = moved(1.1, Carried::tangent);
  const double h = 0.02;  // mu's half range is 0.5
  const auto slope = (moved(1.1 + h, Carried::nothing) - moved(1.1 - h, Carried::nothing)) / (2 * h) * 0.5;
  EXPECT_LT((end.narrow(1, 2, 2) - slope).abs().max().item<double>(), 0.02 * slope.abs().max().item<double>());
  EXPECT_LT((end.narrow(1, 0, 2) - moved(1.1, Carried::nothing)).abs().max().item<double>(), 1e-3);
}

TEST_F(ForceData, CalibrationFindsMuFromAForce) {
  Driven{.periodic = false, .particles = 500, .frames = 13}.write(path("data.h5"));
  train_force();
  Driven{.mu = {1.2}, .periodic = false, .particles = 500, .frames = 13}.write(path("observed.h5"));
  CalibrateRequest request;
  request.model_path = path("model.h5");
  request.data_path = path("observed.h5");
  request.options.initial = CalibrationStart::data;
  request.options.scan = 4;
  request.options.frames = 4;
  request.options.bootstrap = 0;
  const auto found = calibrate(request);
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.mu[0], 1.2, 5e-3);
}

TEST_F(ForceData, CoordinatesThatAreNotPositionsAndVelocitiesAreRefused) {
  Driven{.particles = 50, .frames = 5, .coordinates = {"x", "y"}}.write(path("data.h5"));
  expect_error<UsageError>([&] { train_force(); }, {"model.field = force", "vNAME", "potential"});
  Driven{.particles = 50, .frames = 5, .coordinates = {"x", "ux"}}.write(path("data.h5"));
  expect_error<UsageError>([&] { train_force(); }, {"'ux' is a momentum", "import.records"});
}

TEST_F(ForceData, SourcesThatTheDataDoNotHaveAreRefused) {
  Driven{.particles = 50, .frames = 5, .velocities = false}.write(path("data.h5"));
  TrainConfig config;
  OptionSet set;
  bind(set, config);
  set.set("force.source", "stored");
  expect_error<UsageError>([&] { train_force(config); }, {"force.source", "/velocities"});
}

TEST(Leapfrog, DiffusesVelocitiesByItsRate) {
  const PositionBasis basis({{0, 2 * pi, true}}, 3);
  const ForceCourse still{{0, 1}, std::vector<double>(2 * basis.size()), std::vector<double>(2 * basis.size())};
  constexpr std::size_t kCount = 20000;
  std::vector<float> x(kCount, 3.0f), v(kCount, 0.5f), y(kCount), w(kCount);
  const auto variance = [&](const std::vector<float>& values, double mean) {
    double sum = 0;
    for (const float value : values) sum += (value - mean) * (value - mean) / kCount;
    return sum;
  };
  models::Leapfrog particles(basis, still), again(basis, still);
  for (auto* each : {&particles, &again}) {
    each->diffuse({0.02}, 7);
    each->place(x, v);
    each->advance(0, 0.5, 12);
    each->advance(0.5, 1, 12);
  }
  particles.read(x, v);
  again.read(y, w);
  EXPECT_EQ(v, w);
  EXPECT_EQ(x, y);
  // Variances 2 D t and 2 D t^3/3, their deviations by sampling 1 %.
  EXPECT_NEAR(variance(v, 0.5), 0.04, 0.0015);
  EXPECT_NEAR(variance(x, 3.5), 0.04 / 3, 0.0006);
}

/// Sums over particles as they are written, against those of powers.
TEST(FrameMoments, OfAPeriodicLineAreMeansOverItsParticles) {
  const PositionBasis basis({{0, 3, true}}, 3);
  const models::KineticPairs pairs{{1}, {0}};
  const Philox random(8, 2);
  constexpr std::size_t kCount = 3000;
  std::vector<float> samples, weights, accelerations;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto u = random.uniforms(i);
    samples.push_back(static_cast<float>(2 * u[0] - 0.5));
    samples.push_back(static_cast<float>(3 * u[1] * u[1]));
    weights.push_back(static_cast<float>(random.uniforms(i + kCount)[0]));
    accelerations.push_back(static_cast<float>(u[0] * u[1]));
  }
  const auto found = frame_moments(basis, pairs, {samples, weights, accelerations});
  const std::size_t c = basis.size();
  std::vector<double> phi(c), slopes(c), gram(c * c), density(c), current(c), momentum(c), flux(c), target(c);
  double total = 0, square = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const double x = samples[2 * i + 1], v = samples[2 * i], a = accelerations[i], w = weights[i];
    basis.values({&x, 1}, phi, slopes);
    total += w;
    square += w * a * a;
    for (std::size_t j = 0; j < c; ++j) {
      density[j] += w * phi[j];
      current[j] += w * v * slopes[j];
      momentum[j] += w * v * phi[j];
      flux[j] += w * v * v * slopes[j];
      target[j] += w * a * phi[j];
      for (std::size_t l = 0; l < c; ++l) gram[j * c + l] += w * phi[j] * phi[l];
    }
  }
  EXPECT_NEAR(found.square[0], square / total, 1e-9);
  for (std::size_t j = 0; j < c; ++j) {
    const auto row = static_cast<Eigen::Index>(j);
    EXPECT_NEAR(found.density[row], density[j] / total, 1e-9) << j;
    EXPECT_NEAR(found.current[row], current[j] / total, 1e-9) << j;
    EXPECT_NEAR(found.momentum(row, 0), momentum[j] / total, 1e-9) << j;
    EXPECT_NEAR(found.flux(row, 0), flux[j] / total, 1e-9) << j;
    EXPECT_NEAR(found.target(row, 0), target[j] / total, 1e-9) << j;
    for (std::size_t l = 0; l < c; ++l)
      EXPECT_NEAR(found.gram(row, static_cast<Eigen::Index>(l)), gram[j * c + l] / total, 1e-9) << j << " " << l;
  }
}

/// n = 1 + a cos x: the force of its charge is g a sin x.
TEST(OwnField, IsThatOfTheDensityAndTellsAnImposedOneThatIsNot) {
  const PositionBasis basis({{0, 2 * pi, true}}, 3);
  const auto samples = cosine_particles();
  const auto check_of = [&](double factor) {
    ForceCourse course{{0, 1}, std::vector<double>(2 * basis.size()), std::vector<double>(2 * basis.size())};
    for (std::size_t k = 0; k < 2; ++k) course.value[k * basis.size() + basis.first_wave() + 1] = factor * 2 * 0.3;
    OwnFieldWatch watch(basis, {{0}, {1}}, course, 2);
    for (int k = 0; k < 8; ++k) watch.see(k / 7.0, samples, {});
    return watch.result();
  };
  const auto right = check_of(1), weak = check_of(0.25);
  EXPECT_NEAR(right.energy_ratio, 1, 1e-3);
  EXPECT_LT(right.difference, 1e-3);
  EXPECT_TRUE(right.warning.empty());
  EXPECT_NEAR(weak.energy_ratio, 16, 0.02);
  EXPECT_NEAR(weak.difference, 3, 0.01);
  EXPECT_THAT(weak.warning, ::testing::HasSubstr("16 times the energy"));
  // sqrt(2 g^2/N sum 1/k^2) over the imposed root mean square.
  EXPECT_NEAR(right.floor, std::sqrt(8 / 4000.0 * (1 + 1 / 4.0 + 1 / 9.0)) / (0.6 / std::sqrt(2.0)), 1e-3);
}

/// What the data have decides, unless an option of networks is named.
TEST_F(ForceData, IsChosenForPositionsWithAccelerationsAlone) {
  const auto chosen = [&](const Driven& data, const std::string& option = "") {
    data.write(path("data.h5"));
    TrainConfig config;
    OptionSet set;
    bind(set, config);
    if (!option.empty()) set.set_assignment(option);
    const auto reasons = resolve_choices(config, data::DatasetReader(path("data.h5")));
    EXPECT_EQ(reasons.field.empty(), config.field.name == "potential");
    return config.field.name;
  };
  const Driven kinetic{.particles = 50, .frames = 5};
  EXPECT_EQ(chosen(kinetic), "force");
  EXPECT_EQ(chosen(kinetic, "training.leave_out=[1.0]"), "force");
  EXPECT_EQ(chosen(kinetic, "loss.name=velocity"), "potential");
  EXPECT_EQ(chosen(kinetic, "model.width=24"), "potential");
  EXPECT_EQ(chosen({.particles = 50, .frames = 5, .velocities = false}), "vector");
  EXPECT_EQ(chosen({.particles = 50, .frames = 5, .coordinates = {"x", "y"}}), "vector");
}

/// Two streams at small size: the energy of a speed that was left out, beside its baselines.
TEST_F(ForceData, TwoStreamsAreCloserThanTheirNeighbours) {
  const auto generate = [&](const std::vector<double>& mu, std::int64_t seed, const std::string& name) {
    const auto problem = problems::make_problem("two-stream");
    problems::GenerateOptions options;
    OptionSet set;
    problem->bind(set);
    set.set("pic.simulated_particles", "20000");
    set.set("pic.dt", "0.05");
    options.particles = 4000;
    options.frames = 51;
    options.seed = seed;
    for (const double at : mu) options.mu.push_back({at});
    options.config = "problem = \"two-stream\"\n" + set.to_toml();
    problems::generate_dataset(*problem, problems::resolved(options, *problem), path(name), {});
  };
  generate({1.2, 1.4, 1.6, 1.8}, 1, "data.h5");
  generate({1.5}, 2, "test.h5");
  train_force();
  InferRequest request{.model_path = path("model.h5"), .output_path = path("rollout.h5")};
  request.options.mu = {{1.5}};
  static_cast<void>(infer(request));
  metrics::EvaluateRequest evaluate{
      .rollout_path = path("rollout.h5"), .reference_path = path("test.h5"), .training_path = path("data.h5")};
  evaluate.options.frames = 3;
  evaluate.options.floor = false;
  const auto found = metrics::evaluate(evaluate);
  const auto& energy = found.mean["electric_energy_error"];
  EXPECT_LT(*energy.prediction, *energy.nearest);
  EXPECT_LT(*energy.prediction, *energy.mixture);
}

}  // namespace
}  // namespace scorefield::training
