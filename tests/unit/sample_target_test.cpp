// Targets that are known by samples only.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <vector>

#include "models/targets/sample_target.hpp"
#include "tests/support/numpy_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::targets {
namespace {

/// Sorted rows and rows that repeat themselves: neither their beginning nor every fourth one stands for all.
TEST(SampleTarget, SomePointsStandForAll) {
  const test::TemporaryFolder folder;
  std::vector<double> sorted, repeated;
  for (int i = 0; i < 4000; ++i) {
    sorted.push_back(i / 1000);
    repeated.push_back(i % 4);
  }
  for (const auto& rows : {sorted, repeated}) {
    std::ofstream(folder.path("rows.npy"), std::ios::binary) << test::npy("<f8", "(4000, 1)", test::bytes_of(rows));
    const auto points = open_sample_target(folder.path("rows.npy"), {.points = 1000})->sample_set();
    ASSERT_EQ(points.size(0), 1000);
    for (int value = 0; value < 4; ++value)
      EXPECT_NEAR((points == value).sum().item<double>(), 250, 5 * std::sqrt(250 * 0.75));
  }
}

}  // namespace
}  // namespace scorefield::targets
