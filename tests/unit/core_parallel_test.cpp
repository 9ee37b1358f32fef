#include "core/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace scorefield {
namespace {

/// Restores the number of threads that other tests expect.
class Parallel : public ::testing::Test {
 protected:
  void TearDown() override { set_thread_count(before_); }

 private:
  int before_ = thread_count();
};

TEST_F(Parallel, RunsEveryIndexOnce) {
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    EXPECT_EQ(thread_count(), threads);
    std::vector<int> visits(1000, 0);
    parallel_for(1000, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    EXPECT_EQ(visits, std::vector<int>(1000, 1)) << threads << " threads";
  }
}

TEST_F(Parallel, RunsNothingForNoWork) {
  parallel_for(0, [](std::int64_t) { FAIL(); });
}

TEST_F(Parallel, AtLeastOneThreadIsThere) {
  set_thread_count(0);
  EXPECT_EQ(thread_count(), 1);
}

// Each of two calls waits until the other has begun: one thread alone could never meet itself.
TEST_F(Parallel, TwoThreadsTakePart) {
  set_thread_count(2);
  std::atomic<int> arrived{0}, met{0};
  parallel_for(2, [&](std::int64_t) {
    ++arrived;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (arrived < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    if (arrived == 2) ++met;
  });
  EXPECT_EQ(met, 2);
}

TEST_F(Parallel, ExceptionReachesTheCaller) {
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    EXPECT_THROW(parallel_for(100,
                              [](std::int64_t i) {
                                if (i == 3) throw std::invalid_argument("three");
                              }),
                 std::invalid_argument);
  }
}

TEST_F(Parallel, ExceptionEndsTheLoop) {
  set_thread_count(1);
  int calls = 0;
  EXPECT_ANY_THROW(parallel_for(100, [&](std::int64_t) {
    if (++calls == 3) throw std::invalid_argument("three");
  }));
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace scorefield
