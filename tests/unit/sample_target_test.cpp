// Targets that are known by samples only.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "models/targets/sample_target.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::targets {
namespace {

/// np.save of float64 rows [n, 1].
void save_rows(const std::string& path, const std::vector<double>& rows) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(rows.size()) + ", 1), }";
  header.resize(117, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file << std::string("\x93NUMPY\1\0", 8) << static_cast<char>(118) << '\0' << header;
  file.write(reinterpret_cast<const char*>(rows.data()), static_cast<std::streamsize>(rows.size() * sizeof(double)));
}

/// Sorted rows and rows that repeat themselves: neither their beginning nor every fourth one stands for all.
TEST(SampleTarget, SomePointsStandForAll) {
  const test::TemporaryFolder folder;
  std::vector<double> sorted, repeated;
  for (int i = 0; i < 4000; ++i) {
    sorted.push_back(i / 1000);
    repeated.push_back(i % 4);
  }
  for (const auto& rows : {sorted, repeated}) {
    save_rows(folder.path("rows.npy"), rows);
    const auto points = open_sample_target(folder.path("rows.npy"), {.points = 1000})->samples();
    ASSERT_EQ(points.size(0), 1000);
    for (int value = 0; value < 4; ++value) EXPECT_NEAR((points == value).sum().item<double>(), 250, 5 * std::sqrt(250 * 0.75));
  }
}

}  // namespace
}  // namespace scorefield::targets
