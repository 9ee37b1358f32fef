// The random numbers of the stochastic solver and the Brownian paths made of them.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "solvers/sde/brownian.hpp"

namespace scorefield::test {
namespace {

using namespace sde;

constexpr std::uint64_t kKey = 0x0123456789abcdefu;
using Rows = std::array<double, kRows * kLanes>;

TEST(SdeNormals, AreTheSameBitsOnEveryInstructionSet) {
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{12345}, std::uint64_t{1} << 40}) {
    Rows baseline{}, other{};
    kNormals[simd::InstructionSet::portable].fill(kKey, Draw::integral, index, 4096, baseline.data());
    for (const auto set : simd::usable_instruction_sets()) {
      kNormals[set].fill(kKey, Draw::integral, index, 4096, other.data());
      EXPECT_EQ(baseline, other) << simd::name(set) << ", index " << index;
    }
  }
}

TEST(SdeNormals, FollowTheFormulaOfThePhiloxWords) {
  Rows rows{};
  for (std::uint64_t index = 0; index < 2000; ++index) {
    kNormals.chosen().fill(kKey, Draw::increment, index, 64, rows.data());
    for (std::uint32_t n = 0; n < kLanes; ++n) {
      const auto expected = reference_normals(kKey, Draw::increment, index, 64 + n);
      for (std::size_t r = 0; r < kRows; ++r) ASSERT_NEAR(rows[r * kLanes + n], expected[r], 1e-11);
    }
  }
}

TEST(SdeNormals, HaveTheMomentsOfIndependentNormals) {
  constexpr std::uint64_t kFills = 10000;
  constexpr double kCount = kFills * kLanes;
  std::array<double, kRows> mean{}, square{}, fourth{}, next{};
  int beyond_four = 0;
  Rows rows{};
  for (std::uint64_t index = 0; index < kFills; ++index) {
    kNormals.chosen().fill(kKey, Draw::increment, index, 0, rows.data());
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t n = 0; n < kLanes; ++n) {
        const double z = rows[r * kLanes + n], other = rows[(r + 1) % kRows * kLanes + n];
        mean[r] += z / kCount;
        square[r] += z * z / kCount;
        fourth[r] += z * z * z * z / kCount;
        next[r] += z * other / kCount;
        beyond_four += std::abs(z) > 4;
      }
  }
  const double error = 1 / std::sqrt(kCount);  // standard errors: 1, sqrt 2, sqrt 96 and 1 of these
  for (std::size_t r = 0; r < kRows; ++r) {
    EXPECT_LT(std::abs(mean[r]), 4 * error);
    EXPECT_LT(std::abs(square[r] - 1), 4 * std::sqrt(2.0) * error);
    EXPECT_LT(std::abs(fourth[r] - 3), 4 * std::sqrt(96.0) * error);
    EXPECT_LT(std::abs(next[r]), 4 * error) << "rows " << r << " and the next are correlated";
  }
  const double expected = kRows * kCount * std::erfc(4 / std::sqrt(2.0));
  EXPECT_NEAR(beyond_four, expected, 4 * std::sqrt(expected));
}

TEST(SdeNormals, DifferBetweenKeysDrawsAndIndices) {
  const auto value = [](std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t first) {
    Rows rows{};
    kNormals.chosen().fill(key, draw, index, first, rows.data());
    return rows[5];
  };
  const double base = value(kKey, Draw::increment, 7, 0);
  EXPECT_NE(base, value(kKey + 1, Draw::increment, 7, 0));
  EXPECT_NE(base, value(kKey, Draw::initial, 7, 0));
  EXPECT_NE(base, value(kKey, Draw::increment, 8, 0));
  EXPECT_NE(base, value(kKey, Draw::increment, 7, 64));
}

BrownianPath path(double h, std::int64_t refinement, std::int64_t first_step = 0, std::int64_t noisy = 3) {
  return {kKey, 128, first_step, {noisy, h, refinement, true}};
}

TEST(BrownianPath, ACoarseStepIsTheSumOfFineOnes) {
  constexpr std::int64_t kNoisy = 3;
  constexpr double kFine = 0.01;
  auto coarse = path(4 * kFine, 4), fine = path(kFine, 1);
  for (int step = 0; step < 3; ++step) {
    coarse.advance();
    std::vector<double> w(kNoisy * kLanes), integral(kNoisy * kLanes);
    for (int part = 0; part < 4; ++part) {
      fine.advance();
      for (std::int64_t j = 0; j < kNoisy; ++j)
        for (std::int64_t n = 0; n < kLanes; ++n) {
          const auto at = static_cast<std::size_t>(j * kLanes + n);
          integral[at] += kFine * w[at] + fine.integral(j)[n];
          w[at] += fine.increment(j)[n];
        }
    }
    for (std::int64_t j = 0; j < kNoisy; ++j)
      for (std::int64_t n = 0; n < kLanes; ++n) {
        EXPECT_NEAR(coarse.increment(j)[n], w[static_cast<std::size_t>(j * kLanes + n)], 1e-15);
        EXPECT_NEAR(coarse.integral(j)[n], integral[static_cast<std::size_t>(j * kLanes + n)], 1e-15);
      }
  }
}

TEST(BrownianPath, ContinuesFromAnyStep) {
  auto whole = path(0.1, 3), late = path(0.1, 3, 5);
  for (int step = 0; step < 6; ++step) whole.advance();
  late.advance();
  for (std::int64_t n = 0; n < kLanes; ++n) {
    EXPECT_EQ(whole.increment(1)[n], late.increment(1)[n]);
    EXPECT_EQ(whole.integral(1)[n], late.integral(1)[n]);
  }
}

TEST(BrownianPath, IncrementsAndIntegralsHaveTheirCovariance) {
  constexpr double kStep = 0.5;
  constexpr int kSteps = 10000;
  for (const std::int64_t refinement : {1, 5}) {
    auto motion = path(kStep, refinement, 0, 1);
    double ww = 0, wi = 0, ii = 0;
    for (int step = 0; step < kSteps; ++step) {
      motion.advance();
      for (int n = 0; n < kLanes; ++n) {
        const double w = motion.increment(0)[n], i = motion.integral(0)[n];
        ww += w * w;
        wi += w * i;
        ii += i * i;
      }
    }
    const double count = static_cast<double>(kSteps) * kLanes;
    const double tolerance = 4 * std::sqrt(2 / count);  // four standard errors of a variance, and above those of wi
    EXPECT_NEAR(ww / count / kStep, 1, tolerance);
    EXPECT_NEAR(wi / count / (kStep * kStep / 2), 1, tolerance);
    EXPECT_NEAR(ii / count / (kStep * kStep * kStep / 3), 1, tolerance);
  }
}

}  // namespace
}  // namespace scorefield::test
