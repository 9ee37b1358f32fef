// The problem `sde`: built-in drifts against their formulas, descriptions in TOML, refusals.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/options.hpp"
#include "data/problems/builtin_drifts.hpp"
#include "data/problems/sde_system.hpp"
#include "solvers/sde/ensemble.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

using State = std::vector<double>;

/// A description and what it makes.
struct Request {
  explicit Request(const std::string& toml = "") {
    problems::bind(set, options);
    problem.bind(set);
    set.load_toml(toml, "system.toml");
  }
  void validate() { problem.validate(options); }

  OptionSet set;
  problems::GenerateOptions options;
  problems::SdeSystem problem;
};

/// Holds a drift to its formula at kLanes different states.
void expect_formula(const std::string& name, std::int64_t d, const std::vector<double>& values,
                    const std::function<double(const State&, std::size_t)>& formula) {
  const auto drift = problems::builtin_drift(name).make(d, values);
  std::vector<double> x(static_cast<std::size_t>(d * sde::kLanes)), b(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(1.0 + 0.7 * static_cast<double>(i));
  drift(0, x.data(), b.data());
  for (std::size_t n = 0; n < sde::kLanes; ++n) {
    State state;
    for (std::size_t i = 0; i < static_cast<std::size_t>(d); ++i) state.push_back(x[i * sde::kLanes + n]);
    for (std::size_t i = 0; i < state.size(); ++i)
      ASSERT_NEAR(b[i * sde::kLanes + n], formula(state, i), 1e-13) << name << ", coordinate " << i;
  }
}

TEST(BuiltinDrifts, AreTheirFormulas) {
  expect_formula("linear", 5, {0.3, 2}, [](const State& x, std::size_t i) {
    if (i == 4) return -0.3 * x[4];
    return -0.3 * x[i] + (i % 2 == 0 ? -2 * x[i + 1] : 2 * x[i - 1]);
  });
  expect_formula("ornstein-uhlenbeck", 2, {3, 0.5}, [](const State& x, std::size_t i) { return -3 * (x[i] - 0.5); });
  expect_formula("double-well", 2, {3, 0.5},
                 [](const State& x, std::size_t i) { return 3 * x[i] - 0.5 * std::pow(x[i], 3); });
  expect_formula("van-der-pol", 2, {1.5},
                 [](const State& x, std::size_t i) { return i == 0 ? x[1] : 1.5 * (1 - x[0] * x[0]) * x[1] - x[0]; });
  expect_formula("lorenz", 3, {10, 28, 2}, [](const State& x, std::size_t i) {
    return i == 0 ? 10 * (x[1] - x[0]) : i == 1 ? x[0] * (28 - x[2]) - x[1] : x[0] * x[1] - 2 * x[2];
  });
  expect_formula("lorenz-96", 6, {8}, [](const State& x, std::size_t i) {
    return (x[(i + 1) % 6] - x[(i + 4) % 6]) * x[(i + 5) % 6] - x[i] + 8;
  });
  expect_formula("kuramoto", 5, {1.2, 0.4}, [](const State& x, std::size_t i) {
    double rate = 0.4 * (static_cast<double>(i) / 2 - 1);
    for (const double other : x) rate += 1.2 / 5 * std::sin(other - x[i]);
    return rate;
  });
}

/// An Ornstein-Uhlenbeck process is Gaussian: mean and variance at t = 1 in closed form, mu its rate.
TEST(SdeSystem, OrnsteinUhlenbeckHasItsMoments) {
  Request request(
      "[system]\ndrift = 'ornstein-uhlenbeck'\nmu = 'rate'\n[ornstein-uhlenbeck]\nmean = 2\n"
      "[noise]\nsigma = [0.8]\n[initial]\nmean = [-1]\ndeviation = [0.3]\n");
  constexpr std::int64_t kParticles = 20'000;
  for (const double rate : {0.5, 2.0}) {
    const auto model = request.problem.model(rate);
    sde::Ensemble ensemble(model.system, model.initial, kParticles, {0.01, sde::Scheme::heun, 1, 1, 0});
    ensemble.advance(100);
    const double decay = std::exp(-rate), variance = 0.09 * decay * decay + 0.64 / (2 * rate) * (1 - decay * decay);
    EXPECT_NEAR(ensemble.moments().mean[0], 2 - 3 * decay, 4 * std::sqrt(variance / kParticles));
    EXPECT_NEAR(ensemble.moments().covariance[0], variance, 4 * variance * std::sqrt(2.0 / kParticles));
  }
}

TEST(SdeSystem, ProportionalNoiseIsMultiplicative) {
  Request request(
      "[system]\ndrift = 'linear'\n[linear]\nfrequency = 0\n[noise]\nkind = 'proportional'\nsigma = [0.5]\n");
  const auto model = request.problem.model(0.25);
  ASSERT_TRUE(model.system.diffusion);
  std::vector<double> x(2 * sde::kLanes, 3.0), g(x.size());
  model.system.diffusion(x.data(), g.data());
  EXPECT_EQ(g, x);
  request.set.set("sde.scheme", "sra1");
  expect_error<UsageError>([&] { request.validate(); }, {"sde.scheme", "additive"});
}

TEST(SdeSystem, MuIsTheNamedParameterOrTheNoise) {
  const auto drift_at = [](const Request& request, double mu) {
    const auto model = request.problem.model(mu);
    std::vector<double> x(3 * sde::kLanes, 1.0), b(x.size());
    model.system.drift(0, x.data(), b.data());
    return b[sde::kLanes];  // x (rho - z) - y
  };
  EXPECT_EQ(drift_at(Request("[system]\ndrift = 'lorenz'\nmu = 'rho'"), 20), 18);
  EXPECT_EQ(drift_at(Request("[system]\ndrift = 'lorenz'"), 20), 26);  // mu is sigma, the first parameter
  Request noise("[system]\ndrift = 'lorenz'\nmu = 'noise'\n[noise]\nsigma = [1, 2, 3]");
  EXPECT_EQ(noise.problem.model(0.5).system.sigma, (std::vector<double>{0.5, 1, 1.5}));
  EXPECT_EQ(noise.problem.training_mu(), std::vector<double>{1});
  EXPECT_EQ(Request("[system]\ndrift = 'lorenz'\nmu = 'rho'\n[lorenz]\nrho = 21").problem.training_mu(),
            std::vector<double>{21});
}

TEST(SdeSystem, StoresTheObservedCoordinatesInTheirOrder) {
  TemporaryFolder folder;
  Request request(
      "[system]\ndrift = 'lorenz'\nmu = 'rho'\nobserved = 'z, x'\n[noise]\nsigma = [0, 0.5, 0]\n"
      "[sde]\nduration = 0.1\n[generate]\nmu = [28]\nparticles = 100\nframes = 11\n");
  request.options.config = request.set.to_toml();
  problems::generate_dataset(request.problem, request.options, folder.path("data.h5"), {});
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"z", "x"}));
  EXPECT_TRUE(reader.header().has_velocities);  // the noise is on y alone
}

TEST(SdeSystem, PhasesStayOnTheirCircle) {
  TemporaryFolder folder;
  Request request(
      "[system]\ndrift = 'kuramoto'\n[initial]\nmean = [3]\ndeviation = [20]\n"
      "[sde]\nduration = 0.1\n[generate]\nmu = [1]\nparticles = 100\nframes = 3\n");
  request.options.config = request.set.to_toml();
  problems::generate_dataset(request.problem, request.options, folder.path("data.h5"), {});
  const data::DatasetReader reader(folder.path("data.h5"));
  EXPECT_NEAR(reader.header().periods.at(0), 2 * std::numbers::pi, 1e-15);
  std::vector<float> phases(1000);
  reader.read_samples(0, 2, phases);
  for (const float phase : phases) {
    EXPECT_GE(phase, 0);
    EXPECT_LT(phase, static_cast<float>(2 * std::numbers::pi));
  }
}

TEST(SdeSystem, TheExamplesAreValid) {
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SCOREFIELD_EXAMPLES "/systems")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    Request request(text.str());
    EXPECT_NO_THROW(request.validate()) << entry.path();
    ++examples;
  }
  EXPECT_EQ(examples, 2);
}

TEST(SdeSystem, RefusesDescriptionsWithTheNearestName) {
  const auto rejects = [](const std::string& toml, const std::vector<std::string>& words) {
    expect_error<UsageError>([&] { Request(toml).validate(); }, words);
  };
  rejects("[system]\ndrift = 'lorentz'", {"system.drift", "'lorentz'", "did you mean 'lorenz'"});
  rejects("[system]\ndrift = 'lorenz'\nmu = 'rhoo'", {"system.mu", "parameter of lorenz", "did you mean 'rho'"});
  rejects("[system]\ndrift = 'lorenz'\nobserved = 'x, w'", {"system.observed", "coordinate of lorenz", "x, y, z"});
  rejects("[system]\ndrift = 'lorenz'\nobserved = 'x, x'", {"system.observed", "x twice"});
  rejects("[system]\ndrift = 'lorenz'\ndimension = 4", {"system.dimension", "lorenz has 3"});
  rejects("[system]\ndrift = 'lorenz-96'\ndimension = 3", {"system.dimension", "4 to"});
  rejects("[system]\ndimension = -1", {"system.dimension", "is -1", "from 0 to"});
  rejects("[sistem]\ndrift = 'lorenz'", {"system.toml, line 2", "sistem.drift", "did you mean 'system.drift'"});
  rejects("[lorenz]\nroh = 3", {"lorenz.roh", "did you mean 'lorenz.rho'"});
  rejects("[system]\ndrift = 'lorenz'\n[noise]\nsigma = [1, 2]", {"noise.sigma", "2 numbers", "1 or 3"});
  rejects("[noise]\nsigma = [-1]", {"noise.sigma", "holds -1", "from 0 on"});
  rejects("[noise]\nkind = 'multiplicative'", {"noise.kind", "additive, proportional"});
  rejects("[initial]\nmean = [1, 2]", {"initial.mean", "2 numbers"});
  rejects("[initial]\ndeviation = [-1]", {"initial.deviation", "holds -1", "from 0 on"});
  rejects("[initial]\nlaw = 'gaussian'", {"initial.law", "normal, uniform"});
  rejects("[system]\nmu = 'noise'\n[generate]\nmu = [-1]", {"mu is -1", "noise.sigma"});
}

}  // namespace
}  // namespace scorefield::test
