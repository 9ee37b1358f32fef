// Problems with further parameters than mu: any option that is a number.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "data/problems/stepwise.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/problem_request.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

/// A problem that has been told its parameters, as the commands do.
struct SeveralParameters : ProblemRequest {
  SeveralParameters(const std::string& problem_name, const std::vector<std::string>& assignments)
      : ProblemRequest(problem_name, assignments) {
    options = problems::resolved(options, *problem);
  }
};

const std::vector<std::string> kRelaxation{"system.drift=ornstein-uhlenbeck",
                                           "noise.sigma=0.3",
                                           "initial.mean=1",
                                           "initial.deviation=0.2",
                                           "sde.duration=1",
                                           "sde.dt=0.002",
                                           "generate.particles=20000",
                                           "generate.frames=3",
                                           "generate.parameters=mu, ornstein-uhlenbeck.mean",
                                           "generate.mu=(0.5, -1), (0.5, 2), (1.5, 2)"};

std::vector<std::string> with(std::vector<std::string> assignments, const std::vector<std::string>& more) {
  assignments.insert(assignments.end(), more.begin(), more.end());
  return assignments;
}

struct Sample {
  double mean = 0, deviation = 0;
};

Sample sample_of(const std::vector<float>& values) {
  Sample sample;
  const auto n = static_cast<double>(values.size());
  for (const float value : values) sample.mean += value / n;
  for (const float value : values) sample.deviation += std::pow(value - sample.mean, 2) / n;
  sample.deviation = std::sqrt(sample.deviation);
  return sample;
}

/// dX = -r (X - m) dt + sigma dW from N(1, .2^2): mean m + (1 - m) e^-rt, variance .04 e^-2rt + sigma^2 (1 -
/// e^-2rt)/(2r).
TEST(SeveralParameters, EveryRunFollowsTheEquationOfItsTuple) {
  TemporaryFolder folder;
  SeveralParameters request("sde", kRelaxation);
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  const auto& header = reader.header();
  EXPECT_EQ(header.mu_names, (std::vector<std::string>{"mu", "ornstein-uhlenbeck.mean"}));
  ASSERT_EQ(header.mu, (std::vector<std::vector<double>>{{0.5, -1}, {0.5, 2}, {1.5, 2}}));
  for (std::int64_t m = 0; m < 3; ++m) {
    const double rate = header.mu[static_cast<std::size_t>(m)][0], to = header.mu[static_cast<std::size_t>(m)][1];
    for (std::int64_t k = 0; k < 3; ++k) {
      const double t = header.time[static_cast<std::size_t>(k)], decay = std::exp(-rate * t);
      const double deviation = std::sqrt(0.04 * decay * decay + 0.09 * (1 - decay * decay) / (2 * rate));
      const Sample found = sample_of(frame(reader, m, k));
      EXPECT_NEAR(found.mean, to + (1 - to) * decay, 4.5 * deviation / std::sqrt(20000) + 2e-3) << m << ' ' << k;
      EXPECT_NEAR(found.deviation, deviation, 4.5 * deviation / std::sqrt(40000) + 2e-3) << m << ' ' << k;
    }
  }
}

TEST(SeveralParameters, TuplesAreTheRunsOfTheirOptionsAndDrawNumbersOfTheirOwn) {
  TemporaryFolder folder;
  const std::vector<std::string> still{"noise.sigma=0", "initial.deviation=0", "generate.particles=3"};
  SeveralParameters tuples("sde", with(kRelaxation, still));
  tuples.generate(folder.path("tuples.h5"));
  SeveralParameters one("sde", with(with(kRelaxation, still),
                                    {"generate.parameters=mu", "generate.mu=1.5", "ornstein-uhlenbeck.mean=2"}));
  one.generate(folder.path("one.h5"));
  const data::DatasetReader a(folder.path("tuples.h5")), b(folder.path("one.h5"));
  EXPECT_EQ(b.header().mu_names, std::vector<std::string>{"mu"});
  EXPECT_EQ(frame(a, 2, 2), frame(b, 0, 2));

  const auto first = [&](const std::vector<double>& mu, const std::vector<double>& numbers_of = {}) {
    return SeveralParameters("sde", kRelaxation)
        .problem->initial({.mu = mu, .particles = 1000, .seed = 4, .numbers_of = numbers_of});
  };
  EXPECT_NE(first({0.5, -1}), first({0.5, 2})) << "runs of two tuples are independent";
  EXPECT_EQ(first({0.5, -1}, {0.5, 2}), first({0.5, 2})) << "the start does not depend on the drift";
}

TEST(SeveralParameters, AFilesProblemKnowsThem) {
  TemporaryFolder folder;
  SeveralParameters request(
      "landau", {"landau.parameter=k", "generate.parameters=mu, landau.alpha", "generate.mu=(0.4, 0.3), (0.5, 0.1)",
                 "generate.particles=2000", "generate.frames=2", "pic.simulated_particles=4000", "pic.duration=0.1",
                 "pic.cells=32"});
  request.generate(folder.path("data.h5"));
  const data::DatasetReader reader(folder.path("data.h5"));
  const auto problem = problems::problem_of(reader.header());
  ASSERT_NE(problem, nullptr);
  EXPECT_EQ(problem->parameters(), (std::vector<std::string>{"mu", "landau.alpha"}));
  for (std::int64_t m = 0; m < 2; ++m) {
    const auto& mu = reader.header().mu[static_cast<std::size_t>(m)];
    // 1/2 int E^2 of the density 1 + alpha cos kx in a box of length 2 pi/k: alpha^2 pi / (2 k^3).
    const double exact = mu[1] * mu[1] * std::numbers::pi / (2 * std::pow(mu[0], 3));
    EXPECT_NEAR(problem->electric_energy(frame(reader, m, 0), mu) / exact, 1, 0.1) << m;
    EXPECT_EQ(problem->initial({.mu = mu, .particles = 100, .seed = reader.header().provenance.seed}).size(), 200u);
  }
  expect_error<UsageError>([&] { (void)problem->electric_energy(frame(reader, 0, 0), {0.4}); },
                           {"mu = 0.4, expected 2 numbers: mu, landau.alpha"});
}

TEST(SeveralParameters, WhatMakesNoFileIsRefused) {
  const auto refused = [](const std::string& problem, const std::vector<std::string>& assignments,
                          const std::vector<std::string>& words) {
    TemporaryFolder folder;
    expect_error<UsageError>([&] { SeveralParameters(problem, assignments).generate(folder.path("data.h5")); }, words);
    EXPECT_TRUE(folder.listing().empty());
  };
  refused("two-stream", {"generate.parameters=mu, perturbation.amplitud", "generate.mu=(1.2, 0.1)"},
          {"perturbation.amplitud", "did you mean 'perturbation.amplitude'?"});
  refused("two-stream", {"generate.parameters=mu, pic.shape", "generate.mu=(1.2, 0.1)"}, {"pic.shape"});
  refused("two-stream", {"generate.parameters=perturbation.amplitude, mu", "generate.mu=(0.1, 1.2)"},
          {"the first parameter", "is mu"});
  refused("two-stream", {"generate.parameters=mu, pic.box_length", "generate.mu=(1.2, 50), (1.2, 60)"},
          {"change the periods", "(1.2, 60)", "(1.2, 50)"});
  refused("two-stream", {"generate.parameters=mu, pic.dt", "generate.mu=(1.2, 0.01), (1.2, 0.02)"},
          {"change the time steps"});
  refused("sde", with(kRelaxation, {"generate.parameters=mu, sde.duration"}), {"sde.duration"});
  refused("two-stream", {"generate.parameters=mu, perturbation.amplitude", "generate.mu=(1.2, 2), (1.2, 0.1)"},
          {"perturbation.amplitude", "is 2", "below 1"});
  refused("two-stream", {"generate.mu=(1.2, 0.1)"},
          {"mu = (1.2, 0.1), the problem has 1 number: mu", "generate.parameters"});
  refused("two-stream", {"generate.parameters=mu, perturbation.amplitude"}, {"--mu needs values", "amplitude"});
  refused("two-stream", {"generate.parameters=mu, perturbation.amplitude", "generate.mu=(1.2, 0.1), (1.2, 0.1)"},
          {"(1.2, 0.1) is asked for twice"});
}

}  // namespace
}  // namespace scorefield::test
