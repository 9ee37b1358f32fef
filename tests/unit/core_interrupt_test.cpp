#include "core/interrupt.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

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

TEST_F(Interrupt, NohupIsObeyed) {
  EXPECT_EXIT((std::signal(SIGHUP, SIG_IGN), raise_all({SIGHUP})), ::testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace scorefield::test
