// How the rows of a history are judged.

#include "training/verdict.hpp"

#include <gtest/gtest.h>

namespace scorefield::training {
namespace {

History history_of(std::vector<double> loss, std::vector<double> validation) {
  History history;
  for (std::size_t i = 0; i < loss.size(); ++i) history.step.push_back(100.0 * static_cast<double>(i + 1));
  history.loss = std::move(loss);
  history.validation_loss = std::move(validation);
  return history;
}

constexpr Untrained kUntrained{-0.001, 0.003};

TEST(Verdict, ALossThatFallsOrSettlesIsSound) {
  EXPECT_EQ(judge({}, kUntrained), Verdict::sound);
  EXPECT_EQ(judge(history_of({-0.4}, {-0.5}), kUntrained), Verdict::sound);
  EXPECT_EQ(judge(history_of({-4, -10, -11}, {-5, -9, -9.5}), kUntrained), Verdict::sound);
  EXPECT_EQ(judge(history_of({-11, -12, -13}, {-9.5, -9, -8}), kUntrained), Verdict::sound);
}

/// What a few steps of a small network print: numbers around zero say nothing yet.
TEST(Verdict, NumbersAroundZeroAreSound) {
  EXPECT_EQ(judge(history_of({-0.0004, 0.0003, -0.0025, 0.0011}, {-0.0033, -0.0015, -0.0011, -0.0005}), kUntrained),
            Verdict::sound);
  EXPECT_EQ(judge(history_of({0.0007, -0.002, 0.0022, -0.0033}, {0.0014, 0.0009, 0.0001, -0.0002}), kUntrained),
            Verdict::sound);
}

TEST(Verdict, RisesWithinTheNoiseOfAnUntrainedNetworkAreSound) {
  const Untrained untrained{-0.014, 0.020};
  EXPECT_EQ(judge(history_of({0.0039, -0.0016, -0.0042}, {0.0031, 0.0096, 0.0107}), untrained), Verdict::sound);
  EXPECT_EQ(judge(history_of({0.0041, -0.0018, -0.0037}, {0.0062, 0.0147, 0.0162}), untrained), Verdict::sound);
}

TEST(Verdict, OverfittedWhereOnlyTheValidationLossRises) {
  EXPECT_EQ(judge(history_of({-4, -10, -14}, {-5, -9, -4}), kUntrained), Verdict::overfitted);
  EXPECT_EQ(judge(history_of({-1, -2, -2.5}, {-0.2, 0.5, 2.6}), kUntrained), Verdict::overfitted);
}

TEST(Verdict, DivergedWhereBothRise) {
  EXPECT_EQ(judge(history_of({-4, -10, 300}, {-5, -9, 80}), kUntrained), Verdict::diverged);
  EXPECT_EQ(judge(history_of({-4, -10, -6}, {-5, -9, -6}), kUntrained), Verdict::sound) << "a fluctuation";
}

/// Too large a rate can leave a network that is the same everywhere: its loss is 0 to the last bit, and "falls".
TEST(Verdict, DivergedWhereAnExplosionLeavesNothing) {
  EXPECT_EQ(judge(history_of({1.9e6, 1e-13, -4.8e-29}, {3e-10, -5.0e-29, -5.6e-29}), kUntrained), Verdict::diverged);
  EXPECT_EQ(judge(history_of({3e18, 7e12, 2e-21}, {-2e-26, 5e-20, 3e-21}), kUntrained), Verdict::diverged);
  EXPECT_EQ(judge(history_of({1.9e6, -0.3, -0.35}, {2, -0.4, -0.49}), kUntrained), Verdict::sound) << "it recovered";
}

TEST(Verdict, TheBestRowIsTheFirstOfTheLeast) { EXPECT_EQ(best_row(history_of({0, 0, 0, 0}, {-1, -3, -3, -2})), 1u); }

}  // namespace
}  // namespace scorefield::training
