// The cases of the 1D1V problems: what starts, in which box, how it is stored.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "data/problems/bump_on_tail.hpp"
#include "data/problems/landau.hpp"
#include "data/problems/stepwise.hpp"
#include "data/problems/two_stream_wave.hpp"
#include "solvers/pic/loading.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/problem_request.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

const std::vector<std::string> kSmall{"generate.particles=100", "generate.frames=11", "pic.simulated_particles=2000",
                                      "pic.duration=1", "pic.cells=32"};

ProblemRequest small(const std::string& name, std::vector<std::string> more) {
  more.insert(more.begin(), kSmall.begin(), kSmall.end());
  return {name, more};
}

void expect_refused(const std::string& name, const std::vector<std::string>& assignments,
                    const std::vector<std::string>& words) {
  TemporaryFolder folder;
  expect_error<UsageError>([&] { small(name, assignments).generate(folder.path("data.h5")); }, words);
  EXPECT_TRUE(folder.listing().empty());
}

TEST(BumpOnTail, HasTheBumpAndItsCollisions) {
  const problems::BumpOnTail plasma;
  const auto setup = plasma.setup(plasma.plasma_options(), 1.5);
  ASSERT_EQ(setup.population.beams.size(), 2u);
  EXPECT_EQ(setup.population.beams[1].density, 0.1);
  EXPECT_EQ(setup.population.beams[1].drift, 4);
  EXPECT_EQ(setup.population.beams[1].thermal, 0.5);
  EXPECT_EQ(setup.diffusion, 1e-3);
  EXPECT_EQ(setup.box_length, 50);
  EXPECT_EQ(setup.mu, 1.5);
  auto options = plasma.plasma_options();
  options.diffusion = 0;
  EXPECT_EQ(plasma.setup(options, 1.5).diffusion, 0);
}

/// Stored velocities are those of the motion between collisions; the file says what they leave out.
TEST(BumpOnTail, SaysThatItsParticlesDiffuse) {
  TemporaryFolder folder;
  const auto diffusion_of = [&](ProblemRequest request) {
    request.generate(folder.path("data.h5"));
    return data::DatasetReader(folder.path("data.h5")).header().diffusion;
  };
  EXPECT_EQ(diffusion_of(small("bump-on-tail", {"generate.mu=1.5"})), (std::vector<double>{0, 1e-3}));
  EXPECT_EQ(diffusion_of(small("two-stream", {"generate.mu=1.5"})), std::vector<double>{});
  EXPECT_EQ(
      diffusion_of({"vlasov",
                    {"generate.mu=1.5", "generate.particles=100", "generate.frames=11", "vlasov.case=bump-on-tail",
                     "vlasov.cells=32", "vlasov.velocity_cells=128", "vlasov.duration=1"}}),
      (std::vector<double>{0, 1e-3}));
}

/// d/dt of the kinetic energy by diffusion is eta L, far above what the field does here.
TEST(BumpOnTail, CollisionsHeatAtTheirRate) {
  TemporaryFolder folder;
  auto request = small("bump-on-tail", {"generate.mu=1.5", "collisions.diffusion=1", "pic.simulated_particles=100000",
                                        "perturbation.amplitude=0", "pic.cells=256"});
  request.generate(folder.path("data.h5"));
  const auto diagnostics = data::DatasetReader(folder.path("data.h5")).read_diagnostics();
  const auto& kinetic = diagnostics->series.at("kinetic_energy").values;
  // One standard error of the sum: L sqrt(2 eta <v^2>) t / sqrt(N), about .4.
  EXPECT_NEAR(kinetic.back() - kinetic.front(), 50, 1.5);
  const auto& momentum = diagnostics->series.at("momentum").values;
  EXPECT_NEAR(momentum.back(), momentum.front(), 1e-3);
}

TEST(Landau, OverAlphaTheBoxIsFixed) {
  const problems::Landau plasma;
  const auto setup = plasma.setup({}, 0.3);
  EXPECT_EQ(setup.population.density.amplitude, 0.3);
  EXPECT_NEAR(setup.box_length, 4 * std::numbers::pi, 1e-14);
  EXPECT_EQ(setup.mu, 1);
  EXPECT_EQ(setup.position_unit, 1);
}

/// E of n = 1 + alpha cos k x is -alpha / k sin k x: energy (alpha / k)^2 L / 4.
TEST(Landau, StartsWithTheFieldEnergyOfItsWave) {
  for (const char* parameter : {"alpha", "k"}) {
    TemporaryFolder folder;
    auto request = small("landau", {"landau.parameter=" + std::string(parameter), "generate.mu=0.4", "landau.alpha=0.4",
                                    "landau.k=0.4", "pic.cells=256", "pic.simulated_particles=100000"});
    request.generate(folder.path("data.h5"));
    const data::DatasetReader reader(folder.path("data.h5"));
    const double energy = reader.read_diagnostics()->series.at("electric_energy").values.front();
    EXPECT_NEAR(energy / (std::numbers::pi / 0.8), 1, 1e-3) << parameter;
  }
}

/// Over k the box changes from run to run, so positions are fractions of it: one period for the file.
TEST(Landau, OverKPositionsAreInUnitsOfTheBox) {
  TemporaryFolder folder;
  auto request = small("landau", {"landau.parameter=k", "generate.mu=0.3,0.5", "generate.particles=2000"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x/L", "v"}));
  EXPECT_EQ(reader.header().units[0], "box length");
  EXPECT_EQ(reader.header().periods, (std::vector<double>{1, 0}));
  for (const std::int64_t mu : {0, 1}) {
    const double k = reader.header().mu[static_cast<std::size_t>(mu)][0];
    const auto before = frame(reader, mu, 4), now = frame(reader, mu, 5), after = frame(reader, mu, 6);
    const auto rate = rates(reader, mu, 5);
    for (std::size_t i = 0; i < now.size(); i += 2) {
      ASSERT_GE(now[i], 0);
      ASSERT_LT(now[i], 1);
      EXPECT_NEAR(rate[i], now[i + 1] * k / (2 * std::numbers::pi), 1e-6);
      EXPECT_NEAR(std::remainder(after[i] - before[i], 1) / 0.2, rate[i], 1e-3);
    }
    const double recorded =
        reader.read_diagnostics()->series.at("electric_energy").values[static_cast<std::size_t>(mu) * 21];
    EXPECT_NEAR(request.problem->electric_energy(frame(reader, mu, 0), {k}) / recorded, 1, 1e-3);
  }
}

TEST(Landau, TrainingAndTestValuesFollowTheParameter) {
  auto request = small("landau", {});
  EXPECT_EQ(request.problem->training_mu().back(), 0.5);
  EXPECT_EQ(request.problem->training_mu().front(), 0.1);
  request.set.set("landau.parameter", "k");
  EXPECT_EQ(request.problem->training_mu().front(), 0.3);
}

TEST(TimeGrid, FramesFallOnStepsNoLongerThanAsked) {
  const auto exact = problems::time_grid(40, 0.01, 201);
  EXPECT_EQ(exact.steps, 4000);
  EXPECT_EQ(exact.steps_per_frame, 20);
  EXPECT_DOUBLE_EQ(exact.dt, 0.01);
  const auto shortened = problems::time_grid(40, 0.01, 257);
  EXPECT_EQ(shortened.steps_per_frame, 16);
  EXPECT_LT(shortened.dt, 0.01);
  EXPECT_DOUBLE_EQ(shortened.dt * static_cast<double>(shortened.steps), 40);
}

TEST(PlasmaProblems, RefuseWhatMakesNoSense) {
  expect_refused("landau", {"generate.mu=1"}, {"mu (alpha) is 1", "above 0 and below 1"});
  expect_refused("landau", {"landau.k=0"}, {"landau.k", "above 0"});
  expect_refused("landau", {"landau.parameter=k", "generate.mu=-0.5"}, {"mu (k) is -0.5"});
  expect_refused("landau", {"landau.parameter=k", "landau.alpha=1.5"}, {"landau.alpha", "1.5"});
  expect_refused("bump-on-tail", {"perturbation.amplitude=2"}, {"perturbation.amplitude"});
  expect_refused("bump-on-tail", {"pic.box_length=0"}, {"pic.box_length"});
  expect_refused("bump-on-tail", {"generate.checkpoint_interval=-1"}, {"generate.checkpoint_interval", "-1"});
  expect_error<UsageError>([] { small("landau", {"pic.box_length=3"}); }, {"pic.box_length", "not a known option"});
  expect_error<UsageError>([] { small("landau", {"landau.parameter=beta"}); }, {"alpha", "beta"});
}

/// The task of arXiv 2308.05882: mean 16 (1 + a sin(2 pi k) / (2 pi k)) of a density that jumps at the box's edge.
TEST(TwoStreamWave, HasTheDensityOfItsTaskWithAMeanOfOne) {
  const problems::TwoStreamWave plasma;
  problems::PlasmaOptions options;
  options.wave.k = 1.15;
  const auto setup = plasma.setup(options, 0.9);
  const double length = 2 * std::numbers::pi, k = 1.15, mean = 1 + 0.1 * std::sin(k * length) / (k * length);
  EXPECT_DOUBLE_EQ(1 / (setup.mu * setup.mu), 16 * mean);
  const pic::PhaseSpaceDensity f(setup.population, setup.box_length);
  const auto task = [&](double x, double v) {
    const double spread = std::sqrt(2 * std::numbers::pi * 0.9);
    return 8 / spread * (1 + 0.1 * std::cos(k * x)) *
           (std::exp(-(v - 2) * (v - 2) / 1.8) + std::exp(-(v + 2) * (v + 2) / 1.8));
  };
  for (const double x : {0.0, 2.5, 6.2})
    for (const double v : {-2.0, 0.3, 4.0}) EXPECT_NEAR(16 * mean * f(x, v), task(x, v), 1e-12);
  const auto particles = pic::load(setup.population, setup.box_length, 20000, pic::Start::quiet, Philox(1, 2));
  const auto below =
      std::count_if(particles.position.begin(), particles.position.end(), [](double x) { return x < 2; });
  EXPECT_NEAR(below / 20000.0, (2 + 0.1 * std::sin(2 * k) / k) / (mean * length), 2e-3);
}

}  // namespace
}  // namespace scorefield::test
