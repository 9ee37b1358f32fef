#include "core/interrupt.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::test {
namespace {

/// In a process of its own: 0 when it lives on with the request seen.
[[noreturn]] void raise_all(const std::vector<int>& signals, int milliseconds_between = 0) {
  catch_interrupts();
  for (const int signal : signals) {
    std::raise(signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds_between));
  }
  std::_Exit(interrupt_requested() ? 0 : 1);
}

class Interrupt : public ::testing::Test {
 protected:
  Interrupt() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(Interrupt, TheFirstSignalIsARequest) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    EXPECT_EXIT(raise_all({signal}), ::testing::ExitedWithCode(0), "") << signal;
}

TEST_F(Interrupt, ASecondSignalEndsTheProcess) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    EXPECT_EXIT(raise_all({SIGINT, signal}, 300), ::testing::KilledBySignal(signal), "") << signal;
}

TEST_F(Interrupt, WhatALauncherPassesOnIsTheSameRequest) {
  EXPECT_EXIT(raise_all({SIGINT, SIGTERM, SIGINT}), ::testing::ExitedWithCode(0), "");
}

TEST_F(Interrupt, AClosedPipeEndsNothing) {
  EXPECT_EXIT(raise_all({SIGPIPE, SIGINT}), ::testing::ExitedWithCode(0), "");
}

// Where the work of a step may be given up, its loops are; elsewhere they come to their end.
TEST_F(Interrupt, LoopsThatMayBeAreGivenUp) {
  const auto work = [](bool abandonable) {
    catch_interrupts();
    std::raise(SIGTERM);
    std::atomic<int> done{0};
    const auto loop = [&] { parallel_for(100, [&](std::int64_t) { ++done; }); };
    try {
      if (abandonable) {
        const Abandonable kept;
        loop();
      }
      loop();
    } catch (const Interrupted&) {
    }
    std::_Exit(done);
  };
  EXPECT_EXIT(work(true), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(work(false), ::testing::ExitedWithCode(100), "");
}

TEST_F(Interrupt, NohupIsObeyed) {
  EXPECT_EXIT((std::signal(SIGHUP, SIG_IGN), raise_all({SIGHUP})), ::testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace scorefield::test
