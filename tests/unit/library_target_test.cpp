// Densities in libraries of users. SCOREFIELD_DENSITY_LIBRARY is tests/support/density_library, SCOREFIELD_STAN_LIBRARY
// another one.

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "models/targets/draws.hpp"
#include "models/targets/library_target.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::targets {
namespace {

std::shared_ptr<const Target> open(const std::string& data, const SpaceOptions& space = {}) {
  return open_library_target(SharedLibrary(SCOREFIELD_DENSITY_LIBRARY), data.empty() ? nullptr : &data, space);
}

TEST(LibraryTarget, DensityAndScoreAreTheLibrarys) {
  const auto target = open("");
  const auto x = normal_draws(1000, 2, 1, 1);
  const auto found = target->evaluate(x);
  EXPECT_TRUE(torch::allclose(found.log_density, -((x - 1) * (x - 1)).sum(1) / 8));
  EXPECT_TRUE(torch::allclose(found.score, (1 - x) / 4));
  EXPECT_TRUE(torch::equal(found.log_density, target->log_density(x)));
  EXPECT_FALSE(target->user_cloud(x, 0).samples.defined());
}

TEST(LibraryTarget, LimitsAndNamesAreTheLibrarysOrTheUsers) {
  const auto u = normal_draws(10, 2, 1, 1);
  const auto bounded = open("bounds");
  EXPECT_TRUE(torch::allclose(bounded->user_cloud(u, 0).samples.select(1, 0), u.select(1, 0).exp()));
  EXPECT_TRUE(torch::allclose(bounded->user_cloud(u, 0).samples.select(1, 1), u.select(1, 1)));
  const auto given = open("bounds", {{{-5, INFINITY}}, "auto", "z[2]"});
  const auto cloud = given->user_cloud(u, 0);
  EXPECT_TRUE(torch::allclose(cloud.samples, u.exp() - 5));
  EXPECT_EQ(cloud.variables.at(0).name, "z");
}

TEST(LibraryTarget, MistakesAreRefusedInTheLibrarysWords) {
  test::expect_error<FileError>([] { (void)open("closed"); }, {"cannot open", "it is closed today"});
  test::expect_error<FileError>([] { (void)open("empty"); }, {"0 coordinates"});
  test::expect_error<FileError>([] { (void)open("fails"); }, {"could not evaluate", "no licence"});
  test::expect_error<FileError>([] { (void)open("slope"); }, {"score is not the gradient of log p"});
  test::expect_error<FileError>([] { (void)open("rows"); }, {"log p couples the rows of a batch"});
  EXPECT_TRUE(holds_density(SharedLibrary(SCOREFIELD_DENSITY_LIBRARY)));
  EXPECT_FALSE(holds_density(SharedLibrary(SCOREFIELD_STAN_LIBRARY)));
}

}  // namespace
}  // namespace scorefield::targets
