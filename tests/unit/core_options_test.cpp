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
  set.add("pic.cells", settings.cells, any_number(), "grid cells");
  set.add("pic.dt", settings.dt, any_number(), "time step");
  set.add("plot.title", settings.title, "title");
  set.add("batch.mu", settings.mu, any_number(), "values of mu");
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
  expect_error<UsageError>([&] { set.set("pic.dt", "inf"); }, {"option 'pic.dt' is inf, expected a number."});
  expect_error<UsageError>([&] { set.set("batch.mu", "[1, -inf]"); }, {"batch.mu", "list of numbers"});
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

TEST(Tuples, AreReadFromTomlAndFromTheCommandLine) {
  std::vector<std::vector<double>> mu;
  std::vector<double> one;
  OptionSet set;
  set.add("run.mu", mu, "values");
  set.add("run.at", one, any_number(), "one value");
  const auto& entry = set.entries()[0];
  const std::vector<std::vector<double>> tuples{{1.25, 0.5}, {1.35, 0.7}};
  set.set("run.mu", "(1.25, .5), (1.35, .7)");
  EXPECT_EQ(mu, tuples);
  EXPECT_EQ(entry.get(), "[[1.25, 0.5], [1.35, 0.7]]");
  mu.clear();
  set.load_toml("[run]\nmu = [[1.25, 0.5], [1.35, 0.7]]\nat = [1, 2]\n", "run.toml");
  EXPECT_EQ(mu, tuples);
  set.set("run.mu", "1.2:1.4:0.1");
  EXPECT_EQ(mu, (std::vector<std::vector<double>>{{1.2}, {1.3}, {1.4}}));
  EXPECT_EQ(entry.get(), "[1.2, 1.3, 1.4]") << "one parameter is a plain list";
  set.set("run.at", "(1.25, .5)");
  EXPECT_EQ(one, tuples[0]);
  expect_error<UsageError>([&] { set.set("run.mu", "(1, 2), (3)"); }, {"tuples of 2 and of 1 numbers"});
  expect_error<UsageError>([&] { set.set("run.mu", "[[1, 2], [3]]"); }, {"run.mu", "tuples of equally many numbers"});
  expect_error<UsageError>([&] { set.set("run.mu", "[[1, nan]]"); }, {"run.mu"});
}

TEST(OptionSet, IntervalsMayBeUnlimited) {
  std::vector<Interval> bounds;
  OptionSet set;
  set.add("target.bounds", bounds, "support");
  const double inf = std::numeric_limits<double>::infinity();
  set.set("target.bounds", "[[0, inf], [-inf, 2.5]]");
  EXPECT_EQ(bounds, (std::vector<Interval>{{0, inf}, {-inf, 2.5}}));
  const std::string text = set.to_toml();
  set.set("target.bounds", "[-1, 1]");
  EXPECT_EQ(bounds, (std::vector<Interval>{{-1, 1}}));
  set.load_toml(text, "file");
  EXPECT_EQ(bounds, (std::vector<Interval>{{0, inf}, {-inf, 2.5}}));
  for (const char* wrong : {"[1, 2, 3]", "[[1, 2], [3]]", "0", "[[0, \"x\"]]"})
    expect_error<UsageError>([&] { set.set("target.bounds", wrong); }, {"target.bounds", "[[lower, upper], ...]"});
  expect_error<UsageError>([&] { set.set("target.bounds", "[[2, 1]]"); }, {"[2.0, 1.0]", "lower limit below"});
  expect_error<UsageError>([&] { set.set("target.bounds", "[[nan, 1]]"); }, {"lower limit below"});
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
  expect_error<Error>([&] { set.add("pic.dt", settings.dt, any_number(), "again"); }, {"pic.dt", "twice"});
}

/// Settings with ranges.
struct Limited {
  std::int64_t cells = 256, degree = 7;
  double sigma = 0, share = 0.5;
  std::vector<double> widths{1, 2};
  std::string family = "banana";
};

void bind(OptionSet& set, Limited& limited) {
  set.add("cells", limited.cells, power_of_two(16, 65536), "grid cells");
  set.add("degree", limited.degree, one_of({3, 5, 7, 9}), "of the polynomial");
  set.add("loss.sigma", limited.sigma, at_least(0), "diffusion");
  set.add("share", limited.share, above(0).up_to(0.5), "share");
  set.add("widths", limited.widths, at_least(1).whole(), "widths");
  set.add("family", limited.family, {"banana", "funnel"}, "family");
}

class LimitedOptions : public ::testing::Test {
 protected:
  LimitedOptions() { bind(set, limited); }
  void refused(const std::string& key, const std::string& value, const std::string& message) {
    const std::string before = set.to_toml();
    expect_error<UsageError>([&] { set.set(key, value); }, {message});
    EXPECT_EQ(set.to_toml(), before);
  }
  Limited limited;
  OptionSet set;
};

TEST_F(LimitedOptions, TakeWhatLiesInTheRange) {
  for (const char* assignment : {"cells=16", "cells=65536", "degree=3", "loss.sigma=0", "loss.sigma=1e300", "share=0.5",
                                 "widths=[]", "widths=1:3:1", "family=funnel"})
    EXPECT_NO_THROW(set.set_assignment(assignment)) << assignment;
}

TEST_F(LimitedOptions, RefuseEverythingElseInOneWording) {
  refused("loss.sigma", "-1", "option 'loss.sigma' is -1, expected a number from 0 on.");
  refused("loss.sigma", "much", "option 'loss.sigma' is 'much', expected a number from 0 on.");
  refused("loss.sigma", "inf", "option 'loss.sigma' is inf, expected a number from 0 on.");
  refused("loss.sigma", "nan", "option 'loss.sigma' is nan, expected a number from 0 on.");
  refused("share", "0", "option 'share' is 0, expected a number above 0 up to 0.5.");
  refused("cells", "48", "option 'cells' is 48, expected a power of two from 16 to 65536.");
  refused("cells", "131072", "option 'cells' is 131072, expected a power of two from 16 to 65536.");
  refused("cells", "32.5", "option 'cells' is 32.5, expected a power of two from 16 to 65536.");
  refused("degree", "4", "option 'degree' is 4, expected 3, 5, 7 or 9.");
  refused("widths", "[1, 2.5]", "option 'widths' holds 2.5, expected a list of whole numbers from 1 on.");
  refused("widths", "0", "option 'widths' holds 0, expected a list of whole numbers from 1 on.");
  refused("family", "bananas", "did you mean 'banana'?");
}

TEST_F(LimitedOptions, AreCheckedWhenCodeHasSetThem) {
  EXPECT_NO_THROW(check_ranges(limited));
  const auto refuses = [&](const char* message) {
    expect_error<UsageError>([&] { check_ranges(limited); }, {message});
    limited = {};
  };
  limited.sigma = -1;
  refuses("option 'loss.sigma' is -1, expected a number from 0 on.");
  limited.sigma = std::numeric_limits<double>::quiet_NaN();
  refuses("option 'loss.sigma' is nan, expected a number from 0 on.");
  limited.cells = 100;
  refuses("option 'cells' is 100, expected a power of two from 16 to 65536.");
  limited.widths = {1, -1};
  refuses("option 'widths' holds -1, expected a list of whole numbers from 1 on.");
  limited.family = "ring";
  refuses("'ring' is not a known value");
}

TEST_F(LimitedOptions, SayWhatTheyExpect) {
  std::vector<std::string> expected;
  for (const auto& entry : set.entries()) expected.push_back(entry.expected());
  EXPECT_EQ(expected, (std::vector<std::string>{"a power of two from 16 to 65536", "3, 5, 7 or 9", "a number from 0 on",
                                                "a number above 0 up to 0.5", "a list of whole numbers from 1 on",
                                                "banana or funnel"}));
}

TEST(RangeText, NamesEveryKindOfLimit) {
  const auto text = [](const Range& range) { return range.text(Range::Of::number); };
  EXPECT_EQ(text(any_number()), "a number");
  EXPECT_EQ(text(above(0)), "a number above 0");
  EXPECT_EQ(text(below(1)), "a number below 1");
  EXPECT_EQ(text(in(0, 1)), "a number from 0 to 1");
  EXPECT_EQ(text(at_least(0).below(1)), "a number from 0 on and below 1");
  EXPECT_EQ(text(above(-1).below(0.5)), "a number above -1 and below 0.5");
  EXPECT_EQ(text(any_number().up_to(2e9)), "a number up to 2000000000");
  EXPECT_EQ(text(at_least(32).multiple_of(8)), "a multiple of 8 from 32 on");
  EXPECT_EQ(above(0).text(Range::Of::list), "a list of numbers above 0");
  EXPECT_EQ(in(1, 4).text(Range::Of::whole_number), "a whole number from 1 to 4");
}

TEST(RangeContains, OpenEndsMultiplesAndPowers) {
  EXPECT_FALSE(above(0).contains(0));
  EXPECT_TRUE(above(0).contains(std::numeric_limits<double>::denorm_min()));
  EXPECT_FALSE(below(1).contains(1));
  EXPECT_TRUE(in(0, 1).contains(1));
  EXPECT_FALSE(any_number().contains(std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(at_least(32).multiple_of(8).contains(40));
  EXPECT_FALSE(at_least(32).multiple_of(8).contains(44));
  EXPECT_FALSE(power_of_two(1, 1 << 20).contains(0.5));
  EXPECT_TRUE(power_of_two(1, 1 << 20).contains(1));
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
  for (const char* text : {"", ",", "1,,2", "one", "1.2x", "1:2", "1:2:3:4", "2:1:0.1", "1:2:0", "1:2:-1", "nan", "inf",
                           "0:1:1e-9", "1,0:1e300:1e-300", "0:1e308:1e-308", "-1e308:1e308:1"})
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
