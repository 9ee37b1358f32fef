#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "training/metrics/history_error.hpp"

namespace scorefield::metrics {
namespace {

using Values = std::vector<double>;

TEST(HistoryError, RelativeL2) {
  EXPECT_DOUBLE_EQ(relative_l2(Values{3, 5}, Values{3, 4}), 0.2);
  EXPECT_EQ(relative_l2(Values{1, 2}, Values{1, 2}), 0.0);
  EXPECT_DOUBLE_EQ(relative_l2(Values{0, 0}, Values{1, 2}), 1.0);
}

TEST(HistoryError, FramesNearZeroDoNotCount) {
  // The third frame is below 5 % of the peak; its error of 100 times the truth must not be seen.
  EXPECT_DOUBLE_EQ(mean_relative_error(Values{11, 4, 1.01}, Values{10, 5, 0.01}), 0.15);
  EXPECT_DOUBLE_EQ(mean_relative_error(Values{11, 4, 0.02}, Values{10, 5, 0.01}, 0.0), (0.1 + 0.2 + 1.0) / 3);
}

TEST(HistoryError, RefusesZeroTruthAndUnequalLengths) {
  EXPECT_THROW((void)relative_l2(Values{1}, Values{0}), Error);
  EXPECT_THROW((void)relative_l2(Values{1, 2}, Values{1}), Error);
  EXPECT_THROW((void)mean_relative_error(Values{1}, Values{0}), Error);
  EXPECT_THROW((void)mean_relative_error(Values{}, Values{}), Error);
}

TEST(InterpolateLinear, ExactOnLinesAndConstantOutside) {
  const Values times{0, 1, 3};
  const Values values{1, 3, 7};
  const Values result = interpolate_linear(times, values, Values{-1, 0, 0.5, 1, 2.5, 3, 4});
  const Values expected{1, 1, 2, 3, 6, 7, 7};
  ASSERT_EQ(result.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(result[i], expected[i]) << i;
}

}  // namespace
}  // namespace scorefield::metrics
