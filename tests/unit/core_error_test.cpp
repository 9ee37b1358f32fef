#include "core/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scorefield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kMethods{"mpm", "gas", "sph", "mmd-flow", "noisy-mmd-flow"};

TEST(NearestName, FindsSmallMistakes) {
  EXPECT_EQ(nearest_name("mmdflow", kMethods), "mmd-flow");
  EXPECT_EQ(nearest_name("mmp", kMethods), "mpm");  // a swap of neighbours counts once
  EXPECT_EQ(nearest_name("gsa", kMethods), "gas");
  EXPECT_EQ(nearest_name("noisy-mmd-flows", kMethods), "noisy-mmd-flow");
  EXPECT_EQ(nearest_name("sph", kMethods), "sph");
}

TEST(NearestName, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(nearest_name("langevin", kMethods), "");
  EXPECT_EQ(nearest_name("x", kMethods), "");
  EXPECT_EQ(nearest_name("", kMethods), "");
  EXPECT_EQ(nearest_name("sph", {}), "");
}

TEST(UnknownName, NamesWordSuggestionAndAllKnown) {
  EXPECT_EQ(unknown_name_message("method", "sfh", {"mpm", "sph"}),
            "'sfh' is not a known method; did you mean 'sph'? Known: mpm, sph.");
  EXPECT_THAT(unknown_name_message("method", "langevin", kMethods), Not(HasSubstr("did you mean")));
}

TEST(Errors, CarryTheirFacts) {
  const FileError file("data.h5", "no such file.");
  EXPECT_STREQ(file.what(), "data.h5: no such file.");
  EXPECT_EQ(file.path(), "data.h5");
  const DivergenceError divergence(12, "loss", "Lower the learning rate.");
  EXPECT_STREQ(divergence.what(), "loss is not finite at step 12. Lower the learning rate.");
  EXPECT_EQ(divergence.step(), 12);
  EXPECT_EQ(divergence.quantity(), "loss");
}

}  // namespace
}  // namespace scorefield
