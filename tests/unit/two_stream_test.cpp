#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/options.hpp"
#include "data/problems/two_stream.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/problem_request.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

/// A small two-stream problem.
struct Request : ProblemRequest {
  explicit Request(const std::vector<std::string>& assignments = {})
      : ProblemRequest("two-stream", {"generate.mu=1.2,1.3", "generate.particles=100", "generate.frames=5",
                                      "pic.simulated_particles=1000", "pic.duration=1", "pic.cells=64"}) {
    for (const auto& assignment : assignments) set.set_assignment(assignment);
  }
};

TEST(Problems, KnowTheirNames) {
  for (const auto& name : problems::problem_names()) EXPECT_EQ(problems::make_problem(name)->name(), name);
  expect_error<UsageError>([] { (void)problems::make_problem("two-steam"); },
                           {"two-steam", "did you mean", "two-stream"});
}

TEST(TwoStream, WritesFramesAndDiagnostics) {
  TemporaryFolder folder;
  Request request;
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  const auto& header = reader.header();
  EXPECT_EQ(header.mu, (std::vector<std::vector<double>>{{1.2}, {1.3}}));
  EXPECT_EQ(header.time, (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(header.coordinates, (std::vector<std::string>{"x", "v"}));
  EXPECT_EQ(header.periods, (std::vector<double>{50, 0}));
  EXPECT_EQ(header.identity, data::Identity::trajectories);
  EXPECT_EQ(header.particles, 100);

  const auto diagnostics = reader.read_diagnostics();
  ASSERT_TRUE(diagnostics);
  EXPECT_EQ(diagnostics->time.size(), 101u);
  EXPECT_EQ(diagnostics->series.at("electric_energy").shape, (h5::Dims{2, 101}));
  EXPECT_EQ(diagnostics->series.at("kinetic_energy").shape, (h5::Dims{2, 101}));
  EXPECT_EQ(diagnostics->series.at("momentum").shape, (h5::Dims{2, 101}));
  EXPECT_EQ(diagnostics->series.at("field_modes").shape, (h5::Dims{2, 101, 8}));
  // Kinetic energy L <v^2> / 2 of two beams at +-3 with unit spread.
  EXPECT_NEAR(diagnostics->series.at("kinetic_energy").values[0], 250, 2);
}

TEST(TwoStream, BeamsHaveTheirSpeedAndSpread) {
  TemporaryFolder folder;
  Request request({"beams.speed=2", "beams.thermal_speed=0.5", "perturbation.amplitude=0"});
  request.generate(folder.path("data.h5"));
  const auto diagnostics = data::DatasetReader(folder.path("data.h5")).read_diagnostics();
  EXPECT_NEAR(diagnostics->series.at("kinetic_energy").values[0], 25 * (4 + 0.25), 0.5) << "L (speed^2 + thermal^2)/2";
  expect_error<UsageError>([&] { Request({"beams.thermal_speed=0"}); }, {"beams.thermal_speed", "above 0"});
}

TEST(TwoStream, StoredVelocitiesAreTheDerivativeOfStoredSamples) {
  TemporaryFolder folder;
  Request request({"generate.frames=101"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  const auto rate = rates(reader, 1, 50);
  const auto before = frame(reader, 1, 49), now = frame(reader, 1, 50), after = frame(reader, 1, 51);
  for (std::size_t i = 0; i < now.size(); i += 2) {
    EXPECT_EQ(rate[i], now[i + 1]);
    EXPECT_NEAR(std::remainder(after[i] - before[i], 50) / 0.02, rate[i], 2e-3);
    EXPECT_NEAR((after[i + 1] - before[i + 1]) / 0.02, rate[i + 1], 2e-3);
    EXPECT_GE(now[i], 0);
    EXPECT_LT(now[i], 50);
  }
}

TEST(TwoStream, SeedsAndMuAreIndependentAndRunsRepeat) {
  TemporaryFolder folder;
  Request request;
  request.generate(folder.path("a.h5"));
  request.generate(folder.path("again.h5"));
  request.options.seed = 1;
  request.generate(folder.path("b.h5"));
  const data::DatasetReader a(folder.path("a.h5")), again(folder.path("again.h5")), b(folder.path("b.h5"));
  EXPECT_EQ(frame(a, 0, 4), frame(again, 0, 4));
  EXPECT_NE(frame(a, 0, 0), frame(b, 0, 0));
  EXPECT_NE(frame(a, 0, 0), frame(a, 1, 0));
}

TEST(TwoStream, OneFrameIsTheInitialPopulation) {
  TemporaryFolder folder;
  Request many, one({"generate.frames=1"});
  many.generate(folder.path("many.h5"));
  one.generate(folder.path("one.h5"));
  const data::DatasetReader full(folder.path("many.h5")), start(folder.path("one.h5"));
  EXPECT_EQ(start.header().time, std::vector<double>{0});
  for (const int mu : {0, 1}) EXPECT_EQ(frame(start, mu, 0), frame(full, mu, 0));
  for (const int mu : {0, 1}) {  // but for the rounding of half a kick back and forth in another field
    const auto expected = frame(full, mu, 0);
    const auto found =
        one.problem->initial({.mu = one.options.mu[static_cast<std::size_t>(mu)], .particles = one.options.particles});
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5) << i;
  }
  const auto diagnostics = start.read_diagnostics();
  ASSERT_TRUE(diagnostics);
  EXPECT_EQ(diagnostics->time, std::vector<double>{0});
  EXPECT_EQ(diagnostics->series.at("electric_energy").values[1],
            full.read_diagnostics()->series.at("electric_energy").values[101]);
}

TEST(TwoStream, ElectricEnergyOfAllParticlesIsTheRecordedOne) {
  TemporaryFolder folder;
  Request request({"generate.particles=1000", "perturbation.amplitude=0.5"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  const auto problem = problems::problem_of(reader.header());
  ASSERT_TRUE(problem);
  const auto diagnostics = reader.read_diagnostics();
  const double recorded = diagnostics->series.at("electric_energy").values[101 + 75];
  EXPECT_NEAR(problem->electric_energy(frame(reader, 1, 3), {1.3}) / recorded, 1, 1e-4);
}

TEST(TwoStream, StoredConfigurationRestoresTheOptions) {
  Request request({"pic.cells=32", "pic.shape=tsc"});
  data::DatasetHeader header;
  header.provenance.config = request.config() + "\n[training]\nsteps = 3\n";
  const auto restored = problems::problem_of(header);
  ASSERT_TRUE(restored);
  const std::vector<float> particles{1, 0, 8, 0, 9, 0};
  EXPECT_EQ(restored->electric_energy(particles, {1.2}), request.problem->electric_energy(particles, {1.2}));
  EXPECT_NE(restored->electric_energy(particles, {1.2}),
            problems::make_problem("two-stream")->electric_energy(particles, {1.2}));
  header.provenance.config = "title = 'from elsewhere'";
  EXPECT_FALSE(problems::problem_of(header));
  header.provenance.config = "not TOML at all = = =";
  EXPECT_FALSE(problems::problem_of(header));
}

TEST(TwoStream, ReferencePerturbationHasMuWaves) {
  const problems::TwoStream two_stream;
  problems::PlasmaOptions options;
  EXPECT_EQ(two_stream.setup(options, 1.3).population.perturbation.mode, 1);
  options.perturbation.mode = "reference";
  EXPECT_EQ(two_stream.setup(options, 1.3).population.perturbation.mode, 1.3);
  options.perturbation.mode = "2";
  EXPECT_EQ(two_stream.setup(options, 1.3).population.perturbation.mode, 2);
}

TEST(TwoStream, BadRequestsAreRefusedBeforeAnythingIsWritten) {
  const auto rejects = [](const std::vector<std::string>& assignments, const std::vector<std::string>& words) {
    TemporaryFolder folder;
    const auto validate = [&] {
      Request request(assignments);
      request.problem->validate(request.options);
    };
    expect_error<UsageError>(validate, words);
    expect_error<UsageError>([&] { Request(assignments).generate(folder.path("data.h5")); }, words);
    EXPECT_TRUE(folder.listing().empty());
  };
  rejects({"generate.particles=0"}, {"generate.particles", "a whole number from 1 on"});
  rejects({"generate.particles=2000"}, {"2000", "pic.simulated_particles = 1000"});
  rejects({"generate.frames=-1"}, {"generate.frames", "-1", "a whole number from 0 on"});
  rejects({"generate.mu=1.2,1.2"}, {"mu = 1.2", "twice"});
  rejects({"generate.mu=-1"}, {"mu is -1"});
  rejects({"pic.dt=0"}, {"pic.dt"});
  rejects({"pic.cells=3"}, {"pic.cells"});
  rejects({"perturbation.amplitude=1.5"}, {"perturbation.amplitude", "a number from 0 on and below 1"});
  rejects({"perturbation.mode=one"}, {"perturbation.mode", "one", "reference"});
  rejects({"perturbation.mode=1.5"}, {"perturbation.mode", "whole number"});
}

}  // namespace
}  // namespace scorefield::test
