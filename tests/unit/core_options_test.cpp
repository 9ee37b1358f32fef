#include "core/options.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield {
namespace {

using test::expect_error;

enum class Shape { cic, tsc };

struct Settings {
  bool quiet = false;
  std::int64_t cells = 256;
  double dt = 0.1;
  std::string title = "two streams";
  std::vector<double> mu{1.2, 1.3};
  Shape shape = Shape::cic;
};

void bind(OptionSet& set, Settings& settings) {
  set.add("quiet", settings.quiet, "no progress");
  set.add("pic.cells", settings.cells, "grid cells");
  set.add("pic.dt", settings.dt, "time step");
  set.add("plot.title", settings.title, "title");
  set.add("batch.mu", settings.mu, "values of mu");
  set.add("pic.shape", settings.shape, {{"cic", Shape::cic}, {"tsc", Shape::tsc}}, "particle shape");
}

class Options : public ::testing::Test {
 protected:
  Options() { bind(set, settings); }
  Settings settings;
  OptionSet set;
};

TEST_F(Options, SetsEveryTypeFromText) {
  set.set("quiet", "yes");
  set.set("pic.cells", "1e3");
  set.set("pic.dt", ".05");
  set.set("plot.title", "plain words");
  set.set("batch.mu", "1:2:0.5");
  set.set("pic.shape", "tsc");
  EXPECT_TRUE(settings.quiet);
  EXPECT_EQ(settings.cells, 1000);
  EXPECT_EQ(settings.dt, 0.05);
  EXPECT_EQ(settings.title, "plain words");
  EXPECT_EQ(settings.mu, (std::vector<double>{1, 1.5, 2}));
  EXPECT_EQ(settings.shape, Shape::tsc);
}

TEST_F(Options, TakesAssignmentsWithBlanksAndQuotes) {
  set.set_assignment(" pic.cells = 64 ");
  set.set_assignment("plot.title=\"a = b\"");
  set.set_assignment("quiet=true");
  set.set_assignment("batch.mu=[1, 2.5]");
  EXPECT_EQ(settings.cells, 64);
  EXPECT_EQ(settings.title, "a = b");
  EXPECT_TRUE(settings.quiet);
  EXPECT_EQ(settings.mu, (std::vector<double>{1, 2.5}));
}

TEST_F(Options, KeepsEverySixtyFourBitWholeNumber) {
  set.set("pic.cells", "9223372036854775807");
  EXPECT_EQ(settings.cells, std::numeric_limits<std::int64_t>::max());
}

TEST_F(Options, RefusesValuesOfAnotherType) {
  expect_error<UsageError>([&] { set.set("pic.cells", "2.5"); }, {"pic.cells", "whole number", "2.5"});
  expect_error<UsageError>([&] { set.set("pic.cells", "many"); }, {"pic.cells", "whole number", "many"});
  expect_error<UsageError>([&] { set.set("pic.dt", "fast"); }, {"pic.dt", "a number", "fast"});
  expect_error<UsageError>([&] { set.set("pic.dt", "nan"); }, {"pic.dt", "a number"});
  expect_error<UsageError>([&] { set.set("quiet", "maybe"); }, {"quiet", "true or false", "maybe"});
  expect_error<UsageError>([&] { set.set("batch.mu", "[1, 'x']"); }, {"batch.mu", "list of numbers"});
  expect_error<UsageError>([&] { set.set("batch.mu", "one"); }, {"batch.mu", "1.2:1.9:0.1"});
  expect_error<UsageError>([&] { set.set("pic.shape", "tcs"); }, {"pic.shape", "tcs", "did you mean 'tsc'?", "cic"});
}

TEST_F(Options, NamesTheNearestKey) {
  expect_error<UsageError>([&] { set.set("pic.cels", "1"); }, {"'pic.cels'", "did you mean 'pic.cells'?"});
  expect_error<UsageError>([&] { set.set("cells", "1"); }, {"did you mean 'pic.cells'?"});
  expect_error<UsageError>([&] { set.set("wavelength", "1"); }, {"'wavelength'", "--help"});
  expect_error<UsageError>([&] { set.set_assignment("pic.cells"); }, {"key=value", "pic.cells"});
  expect_error<UsageError>([&] { set.set_assignment("=3"); }, {"key=value"});
}

TEST_F(Options, ReadsTomlWithMultilineText) {
  set.load_toml(R"(
quiet = true
[pic]
cells = 1_024
shape = "tsc"
[plot]
title = """
first
second"""
[batch]
mu = "1.2:1.4:0.1"
)",
                "run.toml");
  EXPECT_TRUE(settings.quiet);
  EXPECT_EQ(settings.cells, 1024);
  EXPECT_EQ(settings.shape, Shape::tsc);
  EXPECT_EQ(settings.title, "first\nsecond");
  EXPECT_EQ(settings.mu, (std::vector<double>{1.2, 1.3, 1.4}));
}

TEST_F(Options, TomlErrorsNameFileAndLine) {
  expect_error<UsageError>([&] { set.load_toml("[pic]\ncells = 1\ncels = 3\n", "run.toml"); },
                           {"run.toml", "line 3", "pic.cels", "pic.cells"});
  expect_error<UsageError>([&] { set.load_toml("[pic\n", "run.toml"); }, {"run.toml", "not valid TOML", "line 1"});
  EXPECT_NO_THROW(set.load_toml("[problem]\nname = 1\n", "run.toml", {"problem"}));
}

TEST_F(Options, WritesTomlThatReadsBackTheSame) {
  settings.quiet = true;
  settings.cells = -7;
  settings.dt = 0.1 + 0.2;
  settings.title = "tab\t, \"quotes\", 'more', back\\slash, \xc3\xbc,\nand a second line";
  settings.mu = {1.0 / 3.0, 1e-300, -2};
  settings.shape = Shape::tsc;
  Settings other;
  OptionSet other_set;
  bind(other_set, other);
  other_set.load_toml(set.to_toml(), "stored");
  EXPECT_EQ(other.quiet, settings.quiet);
  EXPECT_EQ(other.cells, settings.cells);
  EXPECT_EQ(other.dt, settings.dt);
  EXPECT_EQ(other.title, settings.title);
  EXPECT_EQ(other.mu, settings.mu);
  EXPECT_EQ(other.shape, settings.shape);
  EXPECT_EQ(other_set.to_toml(), set.to_toml());
}

TEST_F(Options, TextFollowsTheValueAndDefaultsStay) {
  set.set("pic.cells", "32");
  EXPECT_EQ(set.entries()[1].get(), "32");
  EXPECT_EQ(set.entries()[1].default_text, "256");
  EXPECT_EQ(set.entries()[5].default_text, "\"cic\"");
  EXPECT_EQ(set.keys().size(), 6u);
}

TEST_F(Options, NumbersAreWrittenShort) {
  const auto text_of = [&](double value) {
    settings.dt = value;
    return set.entries()[2].get();
  };
  EXPECT_EQ(text_of(0.05), "0.05");
  EXPECT_EQ(text_of(50), "50.0");
  EXPECT_EQ(text_of(1e-300), "1e-300");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(text_of(0.1 + 0.2), "0.30000000000000004");
}

TEST_F(Options, RefusesTheSameKeyTwice) {
  expect_error<Error>([&] { set.add("pic.dt", settings.dt, "again"); }, {"pic.dt", "twice"});
}

TEST(NumberList, ReadsValuesAndRanges) {
  EXPECT_EQ(parse_number_list("1.2"), (std::vector<double>{1.2}));
  EXPECT_EQ(parse_number_list("1.2, 1.3"), (std::vector<double>{1.2, 1.3}));
  EXPECT_EQ(parse_number_list("1.2:1.9:0.1"), (std::vector<double>{1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9}));
  EXPECT_EQ(parse_number_list("-0.3:0.3:0.1"), (std::vector<double>{-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3}));
  EXPECT_EQ(parse_number_list("1:2:0.3"), (std::vector<double>{1, 1.3, 1.6, 1.9}));
  EXPECT_EQ(parse_number_list("1e-13:3e-13:1e-13"), (std::vector<double>{1e-13, 2e-13, 3e-13}));
  EXPECT_EQ(parse_number_list("5:5:1,7"), (std::vector<double>{5, 7}));
}

TEST(NumberList, RefusesEverythingElse) {
  for (const char* text :
       {"", ",", "1,,2", "one", "1.2x", "1:2", "1:2:3:4", "2:1:0.1", "1:2:0", "1:2:-1", "nan", "inf", "0:1:1e-9"})
    EXPECT_THROW((void)parse_number_list(text), UsageError) << text;
}

TEST(Duration, ReadsUnits) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("30m"), 1800);
  EXPECT_EQ(parse_duration(" 30 min "), 1800);
  EXPECT_EQ(parse_duration("1.5h"), 5400);
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "m", "0", "-5m", "10x", "inf", "nan", "1m30"})
    EXPECT_THROW((void)parse_duration(text), UsageError) << text;
}

}  // namespace
}  // namespace scorefield
