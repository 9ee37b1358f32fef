#include <gtest/gtest.h>

#include <vector>

#include "data/mu_set.hpp"

namespace scorefield::data {
namespace {

using Values = std::vector<std::vector<double>>;

TEST(MuSet, TellsValuesInSiUnitsApart) {
  const MuSet femtoseconds({{2e-14}, {4e-14}});
  EXPECT_EQ(femtoseconds.find({4e-14}), 1);
  EXPECT_EQ(femtoseconds.find({4e-14 * (1 + 1e-12)}), 1) << "rounding";
  EXPECT_EQ(femtoseconds.find({3e-14}), std::nullopt);
  EXPECT_EQ(femtoseconds.nearest({3.1e-14}), 1);
  EXPECT_TRUE(femtoseconds.spans({3e-14}));
  EXPECT_FALSE(femtoseconds.spans({5e-14}));
  EXPECT_EQ(MuSet(Values{{2e-14}}).find({3e-14}), std::nullopt) << "one value: its magnitude is the unit";
}

TEST(MuSet, FindsZeroBetweenValuesOfBothSigns) {
  const MuSet around_zero({{-1}, {0}, {1}});
  EXPECT_EQ(around_zero.find({0}), 1);
  EXPECT_EQ(around_zero.find({1e-17}), 1) << "what 0.1 + 0.2 - 0.3 leaves";
  EXPECT_EQ(around_zero.find({1e-3}), std::nullopt);
  EXPECT_EQ(MuSet(Values{{0}}).find({0}), 0);
}

TEST(MuSet, ToleratesRoundingOfNarrowRangesFarFromZero) {
  const MuSet narrow({{1e6}, {1e6 + 1e-3}});
  EXPECT_EQ(narrow.find({1e6 + 1e-3 + 1e-10}), 1);
  EXPECT_EQ(narrow.find({1e6 + 5e-4}), std::nullopt);
}

TEST(MuSet, MeasuresEachParameterInItsOwnUnit) {
  const MuSet unlike({{1e-6, 100}, {2e-6, 100}, {1e-6, 300}});
  EXPECT_EQ(unlike.nearest({1.9e-6, 150}), 1) << "0.9 of the first spread and 0.25 of the second from value 0";
  EXPECT_EQ(unlike.find({1e-6, 300}), 2);
  EXPECT_EQ(unlike.find({1.5e-6, 300}), std::nullopt);
}

}  // namespace
}  // namespace scorefield::data
