#include "data/frame_cache.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::marked_frame;
using test::negated;

constexpr std::int64_t kFrameBytes = 2 * 8 * sizeof(float);  // samples and velocities of [4, 2]
constexpr std::int64_t kAllFrames = 6;

class Cache : public ::testing::Test {
 protected:
  Cache() { test::write_marked_dataset(path); }
  [[nodiscard]] FrameCache make(std::int64_t budget) const { return {DatasetReader(path), budget, Velocities::stored}; }

  test::TemporaryFolder folder;
  const std::string path = folder.path("data.h5");
};

/// Whether the frame drawn by index i of a random walk over all frames is the right one.
bool draw_is_right(FrameCache& cache, std::uint64_t i) {
  const auto drawn = static_cast<std::int64_t>(Philox(1, 2).integer(i, kAllFrames));
  const std::int64_t m = drawn / 3, k = drawn % 3;
  const auto frame = cache.get(m, k);
  const auto expected = marked_frame(cache.header(), m, k);
  return frame->samples == expected && frame->velocities == negated(expected);
}

TEST_F(Cache, WhatIsSeenDoesNotDependOnTheBudget) {
  for (const std::int64_t budget : {std::int64_t{0}, kFrameBytes, 3 * kFrameBytes, 100 * kFrameBytes}) {
    FrameCache cache = make(budget);
    for (std::uint64_t i = 0; i < 200; ++i) {
      ASSERT_TRUE(draw_is_right(cache, i)) << "budget " << budget << ", draw " << i;
      ASSERT_LE(cache.held_bytes(), std::max(budget, kFrameBytes));
    }
  }
}

TEST_F(Cache, FitsSaysWhetherEverythingStays) {
  EXPECT_TRUE(make(kAllFrames * kFrameBytes).fits());
  EXPECT_FALSE(make(kAllFrames * kFrameBytes - 1).fits());
}

TEST_F(Cache, TheLeastRecentlyUsedFrameGoesFirst) {
  FrameCache cache = make(2 * kFrameBytes);
  const auto first = cache.get(0, 0);
  (void)cache.get(0, 1);
  EXPECT_EQ(cache.get(0, 0), first);  // used again: (0, 1) is now the oldest
  (void)cache.get(0, 2);              // evicts (0, 1)
  EXPECT_EQ(cache.get(0, 0), first);
  (void)cache.get(1, 0);
  (void)cache.get(1, 1);  // evicts (0, 0)
  const auto again = cache.get(0, 0);
  EXPECT_NE(again, first);
  EXPECT_EQ(first->samples, again->samples);  // what was handed out stays valid
}

TEST_F(Cache, LeavesVelocitiesOnDiskWhenNotAsked) {
  FrameCache cache(DatasetReader(path), 100 * kFrameBytes, Velocities::none);
  EXPECT_TRUE(cache.get(1, 2)->velocities.empty());
  EXPECT_EQ(cache.held_bytes(), kFrameBytes / 2);
}

TEST_F(Cache, SaysWhenVelocitiesAreMissing) {
  DatasetHeader header = test::small_header();
  header.has_velocities = false;
  const std::string bare = folder.path("bare.h5");
  test::write_marked_dataset(bare, header);
  test::expect_error<FileError>([&] { FrameCache(DatasetReader(bare), 0, Velocities::stored); }, {bare, "/velocities"});
}

TEST_F(Cache, DifferencesAreCentralAndTakeTheShortWay) {
  DatasetHeader header = test::small_header();
  header.has_velocities = false;
  const std::string bare = folder.path("bare.h5");
  test::write_marked_dataset(bare, header);
  FrameCache cache(DatasetReader(bare), 100 * kFrameBytes, Velocities::differences);
  // Frames are 100 a frame apart and the times of the first and the last 2: 100 a unit of time, whole turns of the
  // periodic x.
  EXPECT_EQ(cache.get(1, 1)->velocities, (std::vector<float>{0, 100, 0, 100, 0, 100, 0, 100}));
  EXPECT_EQ(cache.get(1, 1)->samples, test::marked_frame(header, 1, 1));
  test::expect_error<Error>([&] { (void)cache.get(1, 0); }, {"inner frames"});
  header.identity = Identity::marginals;
  const std::string marginals = folder.path("marginals.h5");
  test::write_marked_dataset(marginals, header);
  test::expect_error<FileError>([&] { FrameCache(DatasetReader(marginals), 0, Velocities::differences); },
                                {"trajectories"});
}

TEST_F(Cache, ThreadsShareIt) {
  FrameCache cache = make(2 * kFrameBytes);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 200; ++i) wrong[t] += !draw_is_right(cache, 1000 * t + i);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace scorefield::data
