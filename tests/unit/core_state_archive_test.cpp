// A run's state by name: what is saved comes back, and what does not fit is named.

#include "core/state_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield {
namespace {

using test::expect_error;

struct Thing {
  double number = 0;
  std::int64_t count = 0;
  bool flag = false;
  std::vector<double> grid, list;
  std::vector<std::int64_t> marks;

  void exchange(StateArchive& archive) {
    archive.number("number", number);
    archive.count("count", count, 1, 10);
    archive.flag("flag", flag);
    archive.group("arrays", [&] {
      archive.array("grid", {2, 3}, grid);
      archive.array("list", {StateArchive::kAny}, list, StateArchive::Numbers::not_nan);
      archive.array("marks", {StateArchive::kAny}, marks);
    });
    archive.require(marks.size() == list.size(), "arrays/marks", "as long as the list");
  }
  bool operator==(const Thing&) const = default;
};

Thing example() { return {0.1, 7, true, {1, 2, 3, 4, 5, 6}, {-HUGE_VAL, 3}, {4, 1 << 30}}; }

NamedArrays saved(Thing thing) {
  StateArchive archive;
  thing.exchange(archive);
  return archive.take();
}

void restore(NamedArrays arrays) {
  StateArchive archive(std::move(arrays), "run.checkpoint");
  Thing thing;
  thing.exchange(archive);
  archive.finish();
}

TEST(StateArchive, WhatIsSavedComesBack) {
  auto arrays = saved(example());
  EXPECT_EQ(arrays.at("arrays/grid").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(arrays.at("arrays/list").shape, std::vector<std::int64_t>{2});
  EXPECT_TRUE(arrays.at("number").shape.empty());
  StateArchive archive(arrays, "run.checkpoint");
  Thing thing;
  thing.exchange(archive);
  archive.finish();
  EXPECT_EQ(thing, example());
}

TEST(StateArchive, EmptyArraysKeepTheirShape) {
  auto thing = example();
  thing.list.clear();
  thing.marks.clear();
  const auto arrays = saved(thing);
  EXPECT_EQ(arrays.at("arrays/list").shape, std::vector<std::int64_t>{0});
  EXPECT_NO_THROW(restore(arrays));
}

TEST(StateArchive, WhatDoesNotFitIsNamed) {
  const auto refused = [](const std::string& name, const NamedArray& array, const std::string& words) {
    auto arrays = saved(example());
    arrays[name] = array;
    expect_error<FileError>([&] { restore(arrays); }, {"run.checkpoint", name, words});
  };
  using Numbers = std::vector<double>;
  using Integers = std::vector<std::int64_t>;
  refused("number", {{}, Numbers{std::nan("")}}, "not finite");
  refused("number", {{}, Integers{3}}, "expected float64");
  refused("number", {{1}, Numbers{3}}, "shape [1], expected []");
  refused("count", {{}, Numbers{3}}, "no integers");
  refused("count", {{}, Integers{0}}, "is 0, expected 1 to 10");
  refused("count", {{}, Integers{std::int64_t{1} << 40}}, "expected 1 to 10");
  refused("flag", {{}, Integers{2}}, "expected 0 to 1");
  refused("arrays/grid", {{3, 2}, Numbers(6)}, "shape [3, 2], expected [2, 3]");
  refused("arrays/grid", {{2, 3}, Numbers(5)}, "shape");
  refused("arrays/grid", {{2, 3}, Numbers{1, 2, 3, 4, 5, HUGE_VAL}}, "not finite");
  refused("arrays/list", {{2}, Numbers{1, std::nan("")}}, "not finite");
  refused("arrays/list", {{1, 2}, Numbers(2)}, "expected [any]");
  refused("arrays/marks", {{3}, Integers{1, 2, 3}}, "as long as the list");
  refused("other", {{}, Numbers{1}}, "unknown to this run");

  auto arrays = saved(example());
  arrays.erase("arrays/grid");
  expect_error<FileError>([&] { restore(arrays); }, {"run.checkpoint", "'arrays/grid' is missing"});
}

}  // namespace
}  // namespace scorefield
