// Distances to the nearest other particle against a plain search, on every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "solvers/ift/nearest.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::ift {
namespace {

class Nearest : public test::EveryInstructionSet {};

std::vector<float> squares_of(const std::vector<float>& x, std::int64_t d, const std::vector<std::int64_t>& of) {
  std::vector<float> squares(of.size()), memory(static_cast<std::size_t>(16 * d));
  kNearest.chosen().squares({x.data(), static_cast<std::int64_t>(x.size()) / d, d, of.data(),
                             static_cast<std::int64_t>(of.size()), squares.data(), memory.data()});
  return squares;
}

TEST_P(Nearest, EqualsAPlainSearch) {
  const std::vector<std::int64_t> of{3, 0, 99, 41, 16, 15, 77};  // one whole block of four rows, and three more
  for (const std::int64_t d : {1, 3, 40}) {
    SCOPED_TRACE(d);
    std::vector<float> x(static_cast<std::size_t>(100 * d));
    const Philox random(5, static_cast<std::uint64_t>(d));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random.normals(i)[0]);
    const auto squares = squares_of(x, d, of);
    for (std::size_t r = 0; r < of.size(); ++r) {
      double least = std::numeric_limits<double>::infinity();
      for (std::int64_t j = 0; j < 100; ++j) {
        double square = 0;
        for (std::int64_t c = 0; c < d; ++c) {
          const double apart = static_cast<double>(x[static_cast<std::size_t>(of[r] * d + c)]) -
                               static_cast<double>(x[static_cast<std::size_t>(j * d + c)]);
          square += apart * apart;
        }
        if (j != of[r]) least = std::min(least, square);
      }
      EXPECT_NEAR(squares[r], least, 1e-6 * least + 1e-12) << "row " << of[r];
    }
  }
}

TEST_P(Nearest, OfOneParticleIsInfinitelyFar) {
  EXPECT_EQ(squares_of({1, 2}, 2, {0})[0], std::numeric_limits<float>::infinity());
}

INSTANTIATE_TEST_SUITE_P(Sets, Nearest, test::kEveryInstructionSet, test::instruction_set_name);

}  // namespace
}  // namespace scorefield::ift
