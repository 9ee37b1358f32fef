#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/run_command.hpp"

namespace scorefield::test {

/// Runs the real binary in a folder of its own.
class Cli : public ::testing::Test {
 protected:
  CommandResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), SCOREFIELD_BINARY);
    return run_command(arguments, folder_.path());
  }

  /// Runs and expects success.
  CommandResult succeed(const std::vector<std::string>& arguments) const {
    auto result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << ::testing::PrintToString(arguments) << "\n" << result.err;
    return result;
  }

  /// Runs and expects one line on stderr that starts with "scorefield COMMAND: " and holds `words`, nothing on
  /// stdout, and the same files as before.
  void fail(int exit_code, const std::vector<std::string>& arguments, const std::vector<std::string>& words) const {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const auto before = folder_.listing();
    const auto result = run(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, ::testing::StartsWith("scorefield " + arguments.front() + ": "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    for (const auto& word : words) EXPECT_THAT(result.err, ::testing::HasSubstr(word));
    EXPECT_EQ(folder_.listing(), before) << "something was left behind";
  }

  /// A dataset of two mu that takes milliseconds to make.
  static std::vector<std::string> tiny_generate(const std::string& output, const std::string& seed = "0") {
    return {"generate",    "two-stream",
            "--output",    output,
            "--seed",      seed,
            "--threads",   "1",
            "--mu",        "1.2,1.4",
            "--particles", "200",
            "--frames",    "5",
            "--set",       "pic.simulated_particles=2000",
            "--set",       "pic.cells=32",
            "--set",       "pic.dt=0.1"};
  }

  /// A training of a very small network.
  static std::vector<std::string> tiny_train(const std::string& data, const std::string& output,
                                             const std::string& steps) {
    return {"train",     data,
            "--output",  output,
            "--steps",   steps,
            "--threads", "1",
            "--set",     "model.width=8",
            "--set",     "model.depth=2",
            "--set",     "model.rank=2",
            "--set",     "batch.mu=1",
            "--set",     "batch.nodes=2",
            "--set",     "batch.particles=64"};
  }

  TempFolder folder_;
};

}  // namespace scorefield::test
