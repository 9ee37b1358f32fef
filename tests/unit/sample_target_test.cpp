// Targets that are known by samples only.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/targets/sample_target.hpp"

namespace scorefield::targets {
namespace {

/// Sorted rows and rows that repeat themselves: neither their beginning nor every fourth one stands for all.
TEST(SampleTarget, SomePointsStandForAll) {
  std::vector<double> sorted, repeated;
  for (int i = 0; i < 4000; ++i) {
    sorted.push_back(i / 1000);
    repeated.push_back(i % 4);
  }
  for (const auto& rows : {sorted, repeated}) {
    const auto points = SampleTarget("rows", torch::tensor(rows, torch::kFloat64).view({4000, 1}), 1000).sample_set();
    ASSERT_EQ(points.size(0), 1000);
    for (int value = 0; value < 4; ++value)
      EXPECT_NEAR((points == value).sum().item<double>(), 250, 5 * std::sqrt(250 * 0.75));
  }
}

}  // namespace
}  // namespace scorefield::targets
