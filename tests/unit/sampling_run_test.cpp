// Runs of every method of the registry: snapshots, what resumes from them, and what is refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <set>

#include "core/error.hpp"
#include "models/targets/catalogue.hpp"
#include "solvers/sampling/registry.hpp"
#include "solvers/sampling/rows.hpp"
#include "solvers/sampling/run.hpp"
#include "solvers/sampling/start.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::sampling {
namespace {

constexpr std::int64_t kParticles = 40, kSteps = 24;

struct Case {
  std::string method, target;
};

std::vector<Case> cases() {
  std::vector<Case> all{{"mpm", "gaussian-10"}};  // the affine gas
  for (const auto& method : make_methods()) all.push_back({method.name, "three-modes"});
  return all;
}

RunRequest request_of(const Case& chosen) {
  const auto methods = make_methods();
  const auto target = std::make_shared<CountedTarget>(targets::make_named_target(chosen.target), torch::kCPU);
  return {.options = {.steps = kSteps, .stop = true, .frames = 3},
          .method = choose_method(methods, chosen.method, *target).method,
          .target = target,
          .initial = initial_cloud({.particles = kParticles}, target->dimension(), 5),
          .seed = 5};
}

/// The snapshots after each iteration but the last.
std::vector<Snapshot> snapshots_of(RunRequest request, RunResult& whole) {
  std::vector<Snapshot> all;
  request.options.checkpoint_interval = 1e-9;
  request.save = [&](const Snapshot& snapshot) {
    all.push_back(snapshot);
    all.back().origin = "run.checkpoint";
  };
  whole = run(request);
  return all;
}

RunResult resumed(RunRequest request, const Snapshot& snapshot) {
  request.target->set_count({});
  request.resume = snapshot;
  return run(request);
}

using Numbers = std::vector<double>;

void expect_same(const RunResult& found, const RunResult& expected) {
  const auto a = found.arrays(), b = expected.arrays();
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, array] : b) {
    EXPECT_EQ(a.at(name).shape, array.shape) << name;
    EXPECT_EQ(a.at(name).values, array.values) << name;
  }
  EXPECT_EQ(found.notes, expected.notes);
  EXPECT_EQ(found.evaluations.score, expected.evaluations.score);
  EXPECT_EQ(found.evaluations.density, expected.evaluations.density);
}

TEST(SamplingRun, EveryMethodResumesBitForBit) {
  for (const auto& chosen : cases()) {
    SCOPED_TRACE(chosen.method + " on " + chosen.target);
    const auto request = request_of(chosen);
    RunResult whole;
    const auto snapshots = snapshots_of(request, whole);
    ASSERT_GE(snapshots.size(), 3u);
    for (const std::size_t k : {std::size_t{0}, snapshots.size() / 2, snapshots.size() - 1})
      expect_same(resumed(request, snapshots[k]), whole);
  }
}

/// Every array of a snapshot in turn is left out, cut, given another type, or made not finite.
TEST(SamplingRun, WhatDoesNotFitIsRefusedByName) {
  // What a target says of a point is kept whatever it is; an energy is no number where there is no log p.
  const std::set<std::string> anything{"state/log_density", "state/score", "state/free_energy"};
  for (const auto& chosen : cases()) {
    const auto request = request_of(chosen);
    RunResult whole;
    const auto snapshots = snapshots_of(request, whole);
    const auto& good = snapshots[snapshots.size() / 2];
    for (const auto& [name, array] : good.arrays) {
      SCOPED_TRACE(chosen.method + ": " + name);
      const auto refused = [&](auto&& change) {
        auto bad = good;
        change(bad.arrays);
        test::expect_error<FileError>([&] { (void)resumed(request, bad); }, {"run.checkpoint", "array '"});
      };
      refused([&](NamedArrays& all) { all.erase(name); });
      refused([&](NamedArrays& all) { all.at(name).shape.push_back(2); });
      refused([&](NamedArrays& all) {
        auto& values = all.at(name).values;
        if (std::holds_alternative<Numbers>(values))
          values = std::vector<std::int64_t>(std::get<Numbers>(values).size());
        else values = Numbers(std::get<std::vector<std::int64_t>>(values).size());
      });
      const auto* numbers = std::get_if<Numbers>(&array.values);
      if (numbers && !numbers->empty() && !anything.contains(name))
        refused([&](NamedArrays& all) { std::get<Numbers>(all.at(name).values).back() = std::nan(""); });
    }
  }
}

TEST(SamplingRun, IterationsBeyondTheRunAreRefused) {
  const auto request = request_of({"svgd", "three-modes"});
  RunResult whole;
  auto snapshot = snapshots_of(request, whole).front();
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, kSteps + 1, std::int64_t{1} << 40}) {
    snapshot.arrays["run/iterations"] = {{}, std::vector<std::int64_t>{count}};
    test::expect_error<FileError>([&] { (void)resumed(request, snapshot); },
                                  {"'run/iterations' is " + std::to_string(count), "1 to 24"});
  }
}

TEST(SamplingRun, KeepsNoSnapshotsUnlessAsked) {
  auto request = request_of({"ula", "three-modes"});
  request.options.checkpoint_interval = 0;
  request.save = [](const Snapshot&) { FAIL() << "a run that nobody interrupts"; };
  EXPECT_EQ(run(request).iterations, kSteps);
  request.options.checkpoint_interval = -1;
  test::expect_error<UsageError>([&] { (void)run(request); }, {"interval of checkpoints", "-1"});
}

}  // namespace
}  // namespace scorefield::sampling
