// A dry run of the benchmark, so that it cannot rot.

#include <gtest/gtest.h>

#include <cmath>

#include "benchmarks/sde_cases.hpp"
#include "core/parallel.hpp"

namespace scorefield::test {
namespace {

TEST(SdeBenchmark, MeasuresEveryCaseOnEveryNumberOfThreads) {
  const int threads = thread_count();
  const auto speeds = benchmarks::measure_sde({.threads = {1, 2}, .particles = 200, .steps = 3, .repetitions = 1});
  EXPECT_EQ(thread_count(), threads);
  ASSERT_EQ(speeds.size(), 6u);
  for (const auto& speed : speeds) {
    EXPECT_GT(speed.milliseconds, 0) << speed.name;
    EXPECT_GT(speed.reference_milliseconds, 0) << speed.name;
    EXPECT_GT(speed.particle_steps_per_second, 0) << speed.name;
    EXPECT_TRUE(std::isfinite(speed.reference_particle_steps_per_second)) << speed.name;
  }
  EXPECT_EQ(speeds[0].threads, 1);
  EXPECT_EQ(speeds[1].threads, 2);
}

}  // namespace
}  // namespace scorefield::test
