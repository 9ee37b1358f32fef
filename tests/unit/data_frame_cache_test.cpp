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
  // Frames are 100 apart, whole turns of the periodic x, and the times .5 and 1.5: 200 before and 66.7 after, to second
  // order (1.5 * 200 + .5 * 66.7) / 2.
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_FLOAT_EQ(cache.get(1, 1)->velocities[i], i % 2 == 0 ? 0.0f : 500.0f / 3) << i;
  EXPECT_EQ(cache.get(1, 1)->samples, test::marked_frame(header, 1, 1));
  test::expect_error<Error>([&] { (void)cache.get(1, 0); }, {"inner frames"});
  header.identity = Identity::marginals;
  const std::string marginals = folder.path("marginals.h5");
  test::write_marked_dataset(marginals, header);
  test::expect_error<FileError>([&] { FrameCache(DatasetReader(marginals), 0, Velocities::differences); },
                                {"trajectories"});
}

/// Three frames of particles that come in any order, of which one is lost and one injected: x = id t, v = 2 id t at
/// the times 0, 1 and 4.
DatasetHeader followed_header() {
  DatasetHeader header = test::small_header();
  header.mu = {{1.2}};
  header.time.clear();
  header.particles = 0;
  header.runs = {{{0, 1, 4}, {3, 4, 3}}};
  header.identity = Identity::marginals;
  header.has_velocities = false;
  header.has_id = header.has_weights = true;
  header.periods = {0, 0};
  return header;
}

TEST_F(Cache, DifferencesFollowIdsInAnyOrder) {
  const std::string followed = folder.path("followed.h5");
  const std::vector<std::vector<std::int64_t>> ids{{7, 5, 9}, {3, 9, 5, 7}, {5, 3, 9}};
  {
    DatasetWriter writer(followed, followed_header());
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto& id = ids[static_cast<std::size_t>(k)];
      std::vector<float> x, weights;
      for (const std::int64_t i : id) {
        const auto step = static_cast<float>(i) * static_cast<float>(k == 2 ? 4 : k);
        x.insert(x.end(), {step, 2 * step});
        weights.push_back(static_cast<float>(10 * i));
      }
      writer.write_frame(0, k, x, {}, weights, id);
    }
    writer.commit();
  }
  FrameCache cache(DatasetReader(followed, Layouts::any), 1 << 20, Velocities::differences);
  const auto frame = cache.get(0, 1);
  EXPECT_EQ(frame->id, (std::vector<std::int64_t>{9, 5})) << "3 was not there before, 7 is not there afterwards";
  EXPECT_EQ(frame->samples, (std::vector<float>{9, 18, 5, 10}));
  EXPECT_EQ(frame->velocities, (std::vector<float>{9, 18, 5, 10}));
  EXPECT_EQ(frame->weights, (std::vector<float>{90, 50}));

  auto header = followed_header();
  header.has_weights = false;
  header.runs = {{{0, 1, 4}, {1, 1, 1}}};
  {
    DatasetWriter writer(followed, header);
    const std::vector<float> one{1, 2};
    for (std::int64_t k = 0; k < 3; ++k) writer.write_frame(0, k, one, {}, {}, std::vector<std::int64_t>{k});
    writer.commit();
  }
  FrameCache strangers(DatasetReader(followed, Layouts::any), 1 << 20, Velocities::differences);
  test::expect_error<FileError>([&] { (void)strangers.get(0, 1); }, {followed, "mu 0, time 1", "no velocities"});
}

TEST_F(Cache, CountsFramesThatDiffer) {
  auto header = followed_header();
  header.has_id = false;
  {
    DatasetWriter writer(path, header);
    for (const auto& [k, n] : {std::pair{0, 3}, {1, 4}, {2, 3}})
      writer.write_frame(0, k, std::vector<float>(2 * static_cast<std::size_t>(n), 1), {},
                         std::vector<float>(static_cast<std::size_t>(n), k == 2 ? 0.0F : 1.0F));
    writer.commit();
  }
  constexpr std::int64_t kParticleBytes = 2 * sizeof(float) + sizeof(double);  // x, v, and the sum of the weights
  FrameCache cache(DatasetReader(path, Layouts::any), 6 * kParticleBytes, Velocities::none);
  (void)cache.get(0, 0);
  EXPECT_EQ(cache.held_bytes(), 3 * kParticleBytes);
  (void)cache.get(0, 1);
  EXPECT_EQ(cache.held_bytes(), 4 * kParticleBytes) << "both together are too much";
  EXPECT_FALSE(cache.fits());
  EXPECT_TRUE(FrameCache(DatasetReader(path, Layouts::any), 10 * kParticleBytes, Velocities::none).fits());
  test::expect_error<FileError>([&] { (void)cache.get(0, 2); }, {path, "weight", "mu 0, time 2"});
}

/// x = t^2 and a path of a diffusion, whose one-sided differences are what they are: exact to second order, and the
/// mean.
TEST(Differences, AreExactForParabolasAndTheMeanForRoughPaths) {
  const double t = 0.7, before = 0.2, after = 0.5;
  const auto x = [](double at) { return at * at; };
  const Steps parabola{x(t) - x(t - before), x(t + after) - x(t), before, after};
  EXPECT_NEAR(velocity_of(parabola, false), 2 * t, 1e-14);
  const Steps rough{0.3, -0.4, before, after};
  EXPECT_NEAR(velocity_of(rough, true), (0.3 / 0.2 - 0.4 / 0.5) / 2, 1e-14);
  const Steps even{0.3, -0.4, 0.25, 0.25};
  EXPECT_EQ(velocity_of(even, true), velocity_of(even, false));
  EXPECT_NEAR(velocity_of(even, true), (0.3 - 0.4) / 0.5, 1e-15);
}

/// Frames that are left out of a training are not read.
TEST_F(Cache, DifferencesSkipFramesThatAreLeftOut) {
  DatasetHeader header = test::small_header();
  header.has_velocities = false;
  header.time = {0, 1, 2, 3, 4};
  const std::string five = folder.path("five.h5");
  DatasetWriter writer(five, header);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < 5; ++k) {
      auto samples = marked_frame(header, m, k);
      if (k == 1)
        for (float& value : samples) value += 1000;  // whoever reads it sees it
      writer.write_frame(m, k, samples);
    }
  writer.commit();
  FrameCache cache(DatasetReader(five), 100 * kFrameBytes, Velocities::differences, {},
                   {.frames = {{0, 2, 4}, {0, 1, 2, 3, 4}}});
  EXPECT_EQ(cache.get(0, 2)->velocities, (std::vector<float>{0, 100, 0, 100, 0, 100, 0, 100}));
  EXPECT_EQ(cache.get(1, 2)->velocities, (std::vector<float>{0, -400, 0, -400, 0, -400, 0, -400}));
  test::expect_error<Error>([&] { (void)cache.get(0, 1); }, {"inner frames"});
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
