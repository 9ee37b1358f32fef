// Stan models in a library with BridgeStan's C interface. SCOREFIELD_STAN_LIBRARY is tests/support/stan_model_library.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/targets/bridgestan_target.hpp"
#include "models/targets/draws.hpp"
#include "models/targets/variables.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::targets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using torch::Tensor;

std::shared_ptr<const Target> open(const std::string& json, const std::string& origin = "d.json") {
  return open_bridgestan_target(SharedLibrary(SCOREFIELD_STAN_LIBRARY), {json, origin}, 1);
}

/// Exact draws of the library's density over (mu, log tau, w), mean 3.
Tensor exact(std::int64_t n) {
  auto x = normal_draws(n, 8, 7, 0);
  x.select(1, 0).mul_(2).add_(3);
  x.select(1, 1).mul_(0.5);
  for (int k = 0; k < 6; ++k) x.select(1, 2 + k).add_(10 * (k % 2 + 1) + k / 2 + 1);
  return x;
}

TEST(StanTarget, DensityAndScoreAreTheModels) {
  for (const char* json : {R"({"mean": 3})", R"({"mean": 3, "threads": 1})"}) {
    const auto target = open(json);
    ASSERT_EQ(target->dimension(), 8);
    const auto x = exact(1000);
    const auto found = target->evaluate(x);
    const auto centre = exact(200000).mean(0);
    const double constants = -4 * std::log(2 * M_PI) - std::log(2.0) - std::log(0.5);
    EXPECT_NEAR((found.log_density.mean() - constants).item<double>(), -4, 0.3) << "eight squares of normals, halved";
    const auto slope = torch::full({8}, -1.0, torch::kFloat64);
    slope[0] = -0.25;
    slope[1] = -4.0;
    EXPECT_LT((found.score - slope * (x - centre)).abs().max().item<double>(), 0.05);
    EXPECT_TRUE(torch::equal(found.log_density, target->log_density(x)));
  }
}

TEST(StanTarget, ThreadsChangeNothing) {
  const auto x = exact(333);
  const auto before = thread_count();
  set_thread_count(1);
  const auto alone = open(R"({"mean": 3, "threads": 1})")->evaluate(x);
  set_thread_count(4);
  const auto target = open(R"({"mean": 3, "threads": 1})");
  for (int repeat = 0; repeat < 20; ++repeat) EXPECT_TRUE(torch::equal(alone.score, target->evaluate(x).score));
  EXPECT_TRUE(target->notes().empty()) << "each thread has a model of its own";
  const auto locked = open(R"({"mean": 3})");
  EXPECT_TRUE(torch::equal(alone.log_density, locked->evaluate(x).log_density));
  EXPECT_TRUE(locked->notes().empty());
  set_thread_count(before);
}

TEST(StanTarget, CloudsAreNamedShapedAndConstrained) {
  const auto target = open(R"({"mean": 3})");
  const auto x = exact(50);
  const auto cloud = target->user_cloud(x, 5);
  EXPECT_THAT(cloud.names, ElementsAre("mu", "tau", "w[1,1]", "w[2,1]", "w[1,2]", "w[2,2]", "w[1,3]", "w[2,3]"));
  EXPECT_TRUE(torch::allclose(cloud.samples.select(1, 1), x.select(1, 1).exp(), 1e-14));
  ASSERT_EQ(cloud.variables.size(), 5u);
  const auto& [mu, tau, w, total, drawn] =
      std::tie(cloud.variables[0], cloud.variables[1], cloud.variables[2], cloud.variables[3], cloud.variables[4]);
  EXPECT_EQ(mu.name, "mu");
  EXPECT_EQ(mu.values.sizes(), (std::vector<std::int64_t>{50}));
  EXPECT_EQ(w.name, "w");
  EXPECT_EQ(w.role, "parameter");
  ASSERT_EQ(w.values.sizes(), (std::vector<std::int64_t>{50, 2, 3}));
  EXPECT_TRUE(torch::equal(w.values.select(0, 4).select(0, 1).select(0, 0), x[4][3])) << "w[2,1] is the second column";
  EXPECT_EQ(total.role, "transformed parameter");
  EXPECT_TRUE(torch::allclose(total.values, mu.values + tau.values));
  EXPECT_EQ(drawn.role, "generated quantity");
  const auto noise = drawn.values - mu.values;
  EXPECT_GT(noise.min().item<double>(), 0);
  EXPECT_GT(noise.std().item<double>(), 0.1) << "each point draws its own";
  EXPECT_TRUE(torch::equal(target->user_cloud(x, 5).variables[4].values, drawn.values));
  EXPECT_FALSE(torch::equal(target->user_cloud(x, 6).variables[4].values, drawn.values));
  EXPECT_LT((target->from_user(cloud.samples) - x).abs().max().item<double>(), 1e-12);
  const auto bad = cloud.samples.clone();
  bad[3][1] = -1;
  test::expect_error<UsageError>([&] { (void)target->from_user(bad); }, {"point 3", "tau is not above 0"});
}

TEST(StanTarget, WhereTheModelThrowsThereIsNoDensity) {
  const auto target = open(R"({"mean": 3, "limit": 4})");
  EXPECT_TRUE(target->notes().empty()) << "trial points do not count";
  auto x = exact(100);
  x.select(1, 0).fill_(3);
  x.narrow(0, 40, 2).select(1, 0).fill_(5);
  const auto found = target->evaluate(x);
  EXPECT_EQ(torch::isfinite(found.log_density).sum().item<std::int64_t>(), 98);
  EXPECT_EQ(found.log_density[40].item<double>(), -INFINITY);
  EXPECT_TRUE(torch::equal(found.score[41], torch::zeros({8}, torch::kFloat64)));
  ASSERT_EQ(target->notes().size(), 1u);
  EXPECT_THAT(target->notes().front(), HasSubstr("threw at 2 points"));
  EXPECT_THAT(target->notes().front(), HasSubstr("mu is too large (in line 3)"));
}

TEST(StanTarget, ConstantsAreLeftOutOnlyByLibrariesThatCannotKeepThem) {
  const auto x = exact(10);
  const auto whole = open(R"({"mean": 3})"), rest = open(R"({"mean": 3, "propto": 1})");
  EXPECT_TRUE(whole->notes().empty());
  ASSERT_EQ(rest->notes().size(), 1u);
  EXPECT_THAT(rest->notes().front(), HasSubstr("leaves out the constants"));
  EXPECT_TRUE(torch::allclose(rest->log_density(x) - 7, whole->log_density(x)));
}

TEST(StanTarget, RefusalsSayWhatToDo) {
  test::expect_error<FileError>([] { (void)open("", ""); }, {"without data (--data FILE.json)", "variable name=mean"});
  test::expect_error<FileError>([] { (void)open(R"({"x": 1})"); },
                                {"d.json: ", "does not take these data", "name=mean"});
  test::expect_error<FileError>([] { (void)open("{\"x\": 1"); }, {"d.json: is not valid JSON", "line 1, column"});
  test::expect_error<FileError>([] { (void)open("[1]"); }, {"d.json: is no JSON object"});
  test::expect_error<FileError>([] { (void)open(R"({"mean": 3, "empty": 1})"); }, {"has no parameters"});
  test::expect_error<FileError>([] { (void)open(R"({"mean": 3, "throws": 1})"); },
                                {"log p is finite at none of 100 points", "mu is too large"});
}

TEST(Variables, NamesGiveShapes) {
  EXPECT_EQ(bracketed_name("mu"), "mu");
  EXPECT_EQ(bracketed_name("theta.12"), "theta[12]");
  EXPECT_EQ(bracketed_name("w.2.1"), "w[2,1]");
  EXPECT_EQ(bracketed_name("z.3.real"), "z.real[3]");
  const auto values = torch::arange(8, torch::kFloat64).view({2, 4});
  const auto variables = arrange_variables({"a[2]", "b", "a[1]", "x 1"}, values, "parameter");
  ASSERT_EQ(variables.size(), 3u);
  EXPECT_TRUE(torch::equal(variables[0].values, torch::tensor({{2.0, 0.0}, {6.0, 4.0}}, torch::kFloat64)));
  EXPECT_EQ(variables[1].name, "b");
  EXPECT_EQ(variables[2].name, "x 1");
  test::expect_error<UsageError>([&] { (void)arrange_variables({"a[1]", "a[9]", "b", "c"}, values, "parameter"); },
                                 {"'a'", "2 names, indices up to 9"});
}

}  // namespace
}  // namespace scorefield::targets
