#include "core/random.hpp"
#include "core/random_subset.hpp"

#include <gtest/gtest.h>
#include <iterator>
#include <vector>

#include <algorithm>
#include <set>

namespace scorefield {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Known-answer vectors of Philox4x32-10 from the Random123 distribution of the generator's authors.
TEST(Philox, MeetsTheKnownAnswers) {
  EXPECT_EQ(Philox(0, 0).words(0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(Philox(ones, ones).words(ones), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 (digits of pi)
  EXPECT_EQ(Philox(0x299f31d0a4093822, 0x0370734413198a2e).words(0x85a308d3243f6a88),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, SeedStreamAndIndexAllMatter) {
  std::set<Words> seen;
  for (std::uint64_t seed : {0, 1})
    for (std::uint64_t stream : {0, 1})
      for (std::uint64_t index : {0, 1}) seen.insert(Philox(seed, stream).words(index));
  EXPECT_EQ(seen.size(), 8u);
}

// Standard errors for n = 200,000 draws; five of them bound each moment (seed 7).
constexpr std::uint64_t kPairs = 100000;
constexpr double kDraws = 2.0 * kPairs;

TEST(Philox, UniformsHaveTheMomentsOfTheUnitInterval) {
  double sum = 0, squares = 0, product = 0;
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const auto [u, v] = Philox(7, 0).uniforms(i);
    ASSERT_TRUE(u > 0 && u < 1 && v > 0 && v < 1) << "index " << i;
    sum += u + v;
    squares += (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5);
    product += (u - 0.5) * (v - 0.5);
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kDraws));
  EXPECT_NEAR(product / kPairs, 0.0, 5 * (1.0 / 12) / std::sqrt(kPairs));
}

TEST(Philox, NormalsHaveTheMomentsOfTheNormal) {
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (std::uint64_t i = 0; i < kPairs; ++i)
    for (const double z : Philox(7, 1).normals(i)) {
      m1 += z;
      m2 += z * z;
      m3 += z * z * z;
      m4 += z * z * z * z;
    }
  EXPECT_NEAR(m1 / kDraws, 0, 5 * std::sqrt(1 / kDraws));
  EXPECT_NEAR(m2 / kDraws, 1, 5 * std::sqrt(2 / kDraws));
  EXPECT_NEAR(m3 / kDraws, 0, 5 * std::sqrt(15 / kDraws));
  EXPECT_NEAR(m4 / kDraws, 3, 5 * std::sqrt(96 / kDraws));
}

TEST(Philox, IntegersFillTheirRangeEvenly) {
  constexpr std::uint64_t kBound = 10;
  std::array<int, kBound> counts{};
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const std::uint64_t value = Philox(7, 2).integer(i, kBound);
    ASSERT_LT(value, kBound);
    ++counts[value];
  }
  const double expected = static_cast<double>(kPairs) / kBound;
  for (const int count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected * 0.9));
  EXPECT_EQ(Philox(7, 2).integer(3, 1), 0u);
}

TEST(RandomSubset, TakesEveryNumberAsOftenAndNoneTwice) {
  constexpr std::int64_t kAll = 20, kSome = 7;
  constexpr int kSeeds = 4000;
  std::array<int, kAll> counts{}, first{};
  for (int seed = 0; seed < kSeeds; ++seed) {
    auto subset = random_subset(kAll, kSome, static_cast<std::uint64_t>(seed));
    ASSERT_EQ(subset.size(), static_cast<std::size_t>(kSome));
    ++first[static_cast<std::size_t>(subset.front())];
    for (const auto i : subset) ++counts[static_cast<std::size_t>(i)];
    std::sort(subset.begin(), subset.end());
    EXPECT_EQ(std::adjacent_find(subset.begin(), subset.end()), subset.end());
  }
  const double share = static_cast<double>(kSome) / kAll;
  for (const int count : counts) EXPECT_NEAR(count, kSeeds * share, 5 * std::sqrt(kSeeds * share * (1 - share)));
  for (const int count : first) EXPECT_NEAR(count, kSeeds / 20.0, 5 * std::sqrt(kSeeds / 20.0));
  EXPECT_EQ(random_subset(3, 8, 1).size(), 3u);
  EXPECT_TRUE(random_subset(0, 8, 1).empty());
}

TEST(DrawByWeight, TakesEveryRowAsOftenAsItsShareAsksFor) {
  const std::vector<float> weights{0, 3e9F, 1e9F, 0, 2.5e9F, 0};
  constexpr std::int64_t kCount = 130;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto rows = draw_by_weight(weights, kCount, seed);
    ASSERT_EQ(std::ssize(rows), kCount);
    for (std::size_t n = 0; n < weights.size(); ++n)
      EXPECT_NEAR(static_cast<double>(std::count(rows.begin(), rows.end(), static_cast<std::int64_t>(n))),
                  weights[n] / 6.5e9 * kCount, weights[n] > 0 ? 1 : 0);
    EXPECT_FALSE(std::is_sorted(rows.begin(), rows.end()));
  }
}

/// Fewer draws than rows: each comes with its share as its probability.
TEST(DrawByWeight, IsUnbiased) {
  const std::vector<float> weights{1, 2, 3, 4};
  std::vector<double> found(4);
  constexpr int kSeeds = 4000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
    for (const std::int64_t row : draw_by_weight(weights, 2, seed))
      found[static_cast<std::size_t>(row)] += 1.0 / kSeeds;
  for (std::size_t n = 0; n < 4; ++n) EXPECT_NEAR(found[n], weights[n] / 5, 0.03);
}

}  // namespace
}  // namespace scorefield
