// The stochastic problems as generators: what is on file, reproducibility, refusals.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/options.hpp"
#include "core/parallel.hpp"
#include "data/problems/problem.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

using problems::GenerateOptions;

/// A small data set of one problem.
struct Request {
  explicit Request(const std::string& name, const std::vector<std::string>& assignments = {})
      : problem(problems::make_problem(name)) {
    problems::bind(set, options);
    problem->bind(set);
    for (const char* assignment : {"generate.particles=130", "generate.frames=5"}) set.set_assignment(assignment);
    for (const auto& assignment : assignments) set.set_assignment(assignment);
  }

  [[nodiscard]] std::string config() const { return "problem = \"" + problem->name() + "\"\n" + set.to_toml(); }
  void generate(const std::string& path) {
    options.config = config();
    problems::generate_dataset(*problem, options, path, {});
  }

  OptionSet set;
  GenerateOptions options;
  std::unique_ptr<problems::Problem> problem;
};

std::vector<float> samples(const data::DatasetReader& reader, std::int64_t mu, std::int64_t frame) {
  std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
  reader.read_samples(mu, frame, values);
  return values;
}

class StochasticProblem : public testing::TestWithParam<std::string> {};

TEST_P(StochasticProblem, IsDescribed) {
  const auto problem = problems::make_problem(GetParam());
  EXPECT_EQ(problem->name(), GetParam());
  EXPECT_FALSE(problem->summary().empty());
  EXPECT_THAT(problem->parameter(), testing::StartsWith("mu: "));
  EXPECT_FALSE(problem->training_mu().empty());
  EXPECT_FALSE(problem->test_mu().empty());
  EXPECT_FALSE(problem->has_electric_energy());
}

TEST_P(StochasticProblem, WritesTrajectoriesThatRepeat) {
  TemporaryFolder folder;
  Request request(GetParam());
  const int threads = thread_count();
  request.generate(folder.path("a.h5"));
  set_thread_count(3);
  request.generate(folder.path("again.h5"));
  set_thread_count(threads);
  request.options.seed = 1;
  request.generate(folder.path("b.h5"));

  const data::DatasetReader a(folder.path("a.h5")), again(folder.path("again.h5")), b(folder.path("b.h5"));
  const auto& header = a.header();
  EXPECT_EQ(header.mu.size(), request.problem->training_mu().size());
  EXPECT_EQ(header.identity, data::Identity::trajectories);
  EXPECT_EQ(header.particles, 130);
  EXPECT_EQ(header.frames(), 5);
  EXPECT_EQ(header.units.size(), header.coordinates.size());
  EXPECT_EQ(samples(a, 0, 4), samples(again, 0, 4));
  EXPECT_NE(samples(a, 0, 0), samples(b, 0, 0));
  if (header.mu.size() > 1) {
    EXPECT_NE(samples(a, 0, 0), samples(a, 1, 0));
  }
}

TEST_P(StochasticProblem, RestoresItsOptionsFromTheFile) {
  TemporaryFolder folder;
  Request request(GetParam(), {"sde.duration=0.5", "sde.scheme=sra1"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_EQ(reader.header().time.back(), 0.5);
  const auto restored = problems::problem_of(reader.header());
  ASSERT_TRUE(restored);
  problems::generate_dataset(*restored, request.options, folder.path("again.h5"), {});
  EXPECT_EQ(samples(reader, 0, 4), samples(data::DatasetReader(folder.path("again.h5")), 0, 4));
}

TEST_P(StochasticProblem, OneFrameIsTheInitialPopulation) {
  TemporaryFolder folder;
  for (const char* frames : {"2", "1"})
    Request(GetParam(), {"generate.particles=50", "sde.duration=0.02", std::string("generate.frames=") + frames})
        .generate(folder.path(frames));
  const data::DatasetReader two(folder.path("2")), one(folder.path("1"));
  EXPECT_EQ(one.header().time, std::vector<double>{0});
  EXPECT_EQ(samples(one, 0, 0), samples(two, 0, 0));
}

TEST_P(StochasticProblem, RefusesBadRequestsBeforeAnythingIsWritten) {
  const auto rejects = [](const std::string& assignment, const std::vector<std::string>& words) {
    TemporaryFolder folder;
    const auto validate = [&] {
      Request request(GetParam(), {assignment});
      request.problem->validate(request.options);
    };
    expect_error<UsageError>(validate, words);
    expect_error<UsageError>([&] { Request(GetParam(), {assignment}).generate(folder.path("data.h5")); }, words);
    EXPECT_TRUE(folder.listing().empty());
  };
  rejects("generate.particles=0", {"generate.particles", "0", "a whole number from 1 on"});
  rejects("generate.frames=-1", {"generate.frames", "-1", "a whole number from 0 on"});
  rejects("generate.mu=3,3", {"mu = 3", "twice"});
  rejects("sde.dt=0", {"sde.dt", "above 0"});
  rejects("sde.duration=-1", {"sde.duration", "-1"});
  rejects("sde.path_refinement=0", {"sde.path_refinement"});
  expect_error<UsageError>([] { Request(GetParam(), {"sde.schema=heun"}); },
                           {"sde.schema", "did you mean 'sde.scheme'"});
  expect_error<UsageError>([] { Request(GetParam(), {"sde.scheme=heum"}); }, {"heum", "did you mean 'heun'"});
}

INSTANTIATE_TEST_SUITE_P(All, StochasticProblem, testing::Values("oscillator", "bistable", "trap", "chaos-9d"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(StochasticProblems, StartFromThePublishedPopulations) {
  const auto mean_of = [](const std::vector<float>& values, std::size_t first, std::size_t stride) {
    double sum = 0;
    for (std::size_t i = first; i < values.size(); i += stride) sum += values[i];
    return sum / static_cast<double>(values.size() / stride);
  };
  const auto first_frame = [](const std::string& name) {
    TemporaryFolder folder;
    Request request(name, {"generate.particles=4000", "generate.frames=2", "sde.duration=0.01"});
    request.options.mu = {{request.problem->training_mu().front()}};
    request.generate(folder.path("data.h5"));
    return samples(data::DatasetReader(folder.path("data.h5")), 0, 0);
  };
  EXPECT_NEAR(mean_of(first_frame("oscillator"), 1, 2), -1, 4.5 * 0.1 / std::sqrt(4000));
  EXPECT_NEAR(mean_of(first_frame("bistable"), 0, 2), 0, 4.5 * 0.5 / std::sqrt(4000));
  EXPECT_NEAR(mean_of(first_frame("bistable"), 1, 2), -10, 4.5 * 0.5 / std::sqrt(4000));
  EXPECT_NEAR(mean_of(first_frame("trap"), 0, 100), -0.09, 4.5 * 0.1 / std::sqrt(4000));
  EXPECT_NEAR(mean_of(first_frame("trap"), 99, 100), -0.3, 4.5 * 0.1 / std::sqrt(4000));
  EXPECT_NEAR(mean_of(first_frame("chaos-9d"), 8, 9), 0, 4.5 * 0.02 / std::sqrt(4000));
}

TEST(Oscillator, StoresPositionsWithTheirDerivatives) {
  TemporaryFolder folder;
  Request request("oscillator", {"generate.frames=101", "oscillator.noise=0"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x1", "x2"}));
  ASSERT_TRUE(reader.header().has_velocities);
  std::vector<float> rates(260);
  reader.read_velocities(0, 50, rates);
  const auto before = samples(reader, 0, 49), after = samples(reader, 0, 51);
  // Central differences of a motion with frequency 8 and amplitude up to 2: error 8^3 2 h^2 / 6.
  for (std::size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR((after[i] - before[i]) / 0.02, rates[i], 0.02);

  request.options.velocities = false;
  request.generate(folder.path("positions.h5"));
  EXPECT_FALSE(data::DatasetReader(folder.path("positions.h5")).header().has_velocities);
}

TEST(StochasticProblems, WithNoiseOnStoredCoordinatesThereAreNoDerivatives) {
  for (const char* name : {"bistable", "trap", "chaos-9d"}) {
    TemporaryFolder folder;
    Request(name, {"sde.duration=0.1"}).generate(folder.path("data.h5"));
    EXPECT_FALSE(data::DatasetReader(folder.path("data.h5")).header().has_velocities) << name;
  }
  TemporaryFolder folder;
  Request("chaos-9d", {"sde.duration=0.1", "chaos.noise=0"}).generate(folder.path("data.h5"));
  EXPECT_TRUE(data::DatasetReader(folder.path("data.h5")).header().has_velocities);
}

TEST(Trap, HasAsManyCoordinatesAsBodies) {
  TemporaryFolder folder;
  Request("trap", {"trap.dimension=7"}).generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_EQ(reader.header().dimension(), 7);
  EXPECT_EQ(reader.header().coordinates.back(), "x7");
  expect_error<UsageError>(
      [] {
        Request request("trap", {"trap.dimension=1"});
        request.problem->validate(request.options);
      },
      {"trap.dimension", "is 1", "2 to"});
}

TEST(StochasticProblems, RefuseValuesThatMakeNoSense) {
  const auto rejects = [](const std::string& name, const std::string& assignment,
                          const std::vector<std::string>& words) {
    const auto validate = [&] {
      Request request(name, {assignment});
      request.problem->validate(request.options);
    };
    expect_error<UsageError>(validate, words);
  };
  rejects("oscillator", "oscillator.noise=-1", {"oscillator.noise", "from 0"});
  rejects("bistable", "bistable.noise=-1", {"bistable.noise", "from 0"});
  rejects("bistable", "generate.mu=-1", {"mu is -1"});
  rejects("trap", "trap.diffusion=-1", {"trap.diffusion", "from 0"});
  rejects("chaos-9d", "chaos.noise=-1", {"chaos.noise", "from 0"});
  rejects("chaos-9d", "chaos.prandtl=0", {"chaos.prandtl", "above 0"});
}

TEST(StochasticProblems, StopWhenAnExplicitStepDiverges) {
  TemporaryFolder folder;
  Request request("bistable", {"sde.dt=1", "sde.duration=100", "generate.mu=0.3"});
  expect_error<DivergenceError>([&] { request.generate(folder.path("data.h5")); }, {"particle", "sde.dt"});
  EXPECT_TRUE(folder.listing().empty());
}

}  // namespace
}  // namespace scorefield::test
