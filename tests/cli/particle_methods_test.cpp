// Kernel flows, SPH, SVGD and Langevin chains through the command line.

#include <nlohmann/json.hpp>

#include <cmath>

#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;

struct Method {
  std::string name;
  std::string steps;
  double tolerance;  ///< of the covariance: sampling error, and the method's bias
  std::vector<std::string> trace;
  bool weighted = false;
};

const std::vector<Method>& methods() {
  const std::vector<std::string> flow{"loss", "weight_ess", "mean_speed"};
  static const std::vector<Method> all{{"sph", "150", 0.06, {"free_energy", "mean_speed"}},
                                       {"ift", "150", 0.06, flow, true},
                                       {"svgd", "150", 0.1, {"stein_direction"}},
                                       {"ula", "300", 0.25, {"mean_jump"}},
                                       {"mala", "300", 0.25, {"acceptance", "step"}}};
  return all;
}

std::vector<double> read_column(const std::string& path, const std::string& name) {
  const auto file = h5::File::open(path);
  return file.read<double>(name);
}

using ParticleMethods = Cli;

TEST_F(ParticleMethods, EachReachesACorrelatedGaussian) {
  for (const auto& method : methods()) {
    SCOPED_TRACE(method.name);
    const auto result =
        succeed({"sample", "gaussian", "--method", method.name, "--particles", "400", "--steps", method.steps,
                 "--threads", "1", "--output", method.name + ".h5", "--json", "--seed", "3"});
    const auto facts = nlohmann::json::parse(result.out);
    EXPECT_EQ(facts["method"], method.name);
    EXPECT_EQ(facts["particles"], 400);
    const std::string path = (folder_.path() / (method.name + ".h5")).string();
    const auto x = read_column(path, "/samples");
    ASSERT_EQ(x.size(), 800u);
    std::vector<double> w(400, 1.0 / 400);
    if (method.weighted) w = read_column(path, "/weights");
    double mean[2] = {}, covariance[3] = {};
    for (std::size_t i = 0; i < 400; ++i)
      for (std::size_t c = 0; c < 2; ++c) mean[c] += w[i] * x[2 * i + c];
    for (std::size_t i = 0; i < 400; ++i) {
      const double u = x[2 * i] - mean[0], v = x[2 * i + 1] - mean[1];
      covariance[0] += w[i] * u * u;
      covariance[1] += w[i] * u * v;
      covariance[2] += w[i] * v * v;
    }
    EXPECT_NEAR(mean[0], 0, 0.2);
    EXPECT_NEAR(mean[1], 0, 0.2);
    EXPECT_NEAR(covariance[0], 1, method.tolerance);
    EXPECT_NEAR(covariance[1], 0.8, method.tolerance);
    EXPECT_NEAR(covariance[2], 1, method.tolerance);
    for (const auto& name : method.trace)
      EXPECT_EQ(read_column(path, "/trace/" + name).size(), facts["iterations"].get<std::size_t>()) << name;
  }
}

TEST_F(ParticleMethods, MmdFlowsLowerTheLoss) {
  // Their last stragglers take long to arrive: what ift's weights and splits are for.
  for (const std::string name : {"mmd-flow", "noisy-mmd-flow", "wfr"}) {
    succeed({"sample", "gaussian", "--method", name, "--particles", "200", "--steps", "60", "--threads", "1",
             "--output", "flow.h5", "--quiet"});
    const auto loss = read_column((folder_.path() / "flow.h5").string(), "/trace/loss");
    EXPECT_LT(loss.back(), 0.5 * loss.front()) << name;
  }
}

TEST_F(ParticleMethods, SeedsRepeatForAnyNumberOfThreads) {
  for (const std::string name : {"sph", "ift", "svgd", "mala"}) {
    SCOPED_TRACE(name);
    std::vector<std::vector<double>> clouds;
    for (const std::string threads : {"1", "2"}) {
      const std::string file = name + threads + ".h5";
      succeed({"sample", "three-modes", "--method", name, "--particles", "200", "--steps", "12", "--threads", threads,
               "--output", file, "--quiet", "--seed", "5"});
      clouds.push_back(read_column((folder_.path() / file).string(), "/samples"));
    }
    EXPECT_EQ(clouds[0], clouds[1]);
  }
}

TEST_F(ParticleMethods, RefusalsSayWhyAndWhatToUse) {
  fail(2, {"sample", "gaussian-10", "--method", "sph", "--output", "a.h5"},
       {"SPH is refused", "kernel", "--method gas"});
  fail(2, {"sample", "gaussian", "--method", "ift", "--output", "a.h5", "--set", "ift.weight_rate=3"},
       {"ift.weight_rate"});
}

TEST_F(ParticleMethods, PublishedVariantAndKlEnergyAreChoices) {
  for (const std::string setting : {"ift.variant=published", "ift.energy=kl", "ift.weights=kl", "ift.data=fixed",
                                    "ift.kernel=energy", "ift.kernel=imq"}) {
    const auto result = succeed({"sample", "gaussian", "--method", "ift", "--particles", "150", "--steps", "30",
                                 "--threads", "1", "--output", "k.h5", "--json", "--set", setting});
    EXPECT_TRUE(std::isfinite(nlohmann::json::parse(result.out)["last"]["loss"].get<double>())) << setting;
  }
}

}  // namespace
}  // namespace scorefield::test
