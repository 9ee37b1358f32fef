// What the progress display says, in both styles, without a terminal.

#include "apps/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace scorefield::apps {
namespace {

using Style = ProgressPrinter::Style;

TEST(Progress, DurationsReadLikeAClock) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(65.4), "1:05");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(3600 + 2 * 60 + 3), "1:02:03");
  EXPECT_EQ(format_duration(-1), "");
}

TEST(Progress, TextHoldsCountsRateTimeLeftAndDetail) {
  EXPECT_EQ(format_progress({"training", 400, 1000, "loss -1.2"}, {200, 65}),
            "training  40% 400/1000, 200/s, 1:05 left, loss -1.2");
  EXPECT_EQ(format_progress({"reading", 0, 0, ""}, {}), "reading");
}

TEST(Progress, LinesShowFirstAndLastOfEveryStageOnce) {
  std::ostringstream out;
  ProgressPrinter printer(out, Style::lines);
  for (const char* stage : {"mu = 1.2", "mu = 1.3"})
    for (std::int64_t step = 0; step <= 100; ++step) printer.report({stage, step, 100, ""});
  printer.report({"mu = 1.3", 100, 100, ""});
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
  EXPECT_NE(text.find("mu = 1.2   0% 0/100"), std::string::npos) << text;
  EXPECT_NE(text.find("mu = 1.3 100% 100/100"), std::string::npos) << text;
}

TEST(Progress, APaceThatIsGivenIsShown) {
  std::ostringstream out;
  ProgressPrinter printer(out, Style::lines);
  printer.report({"training", 0, 1000000, ""});
  printer.report({"training", 1000000, 1000000, "", {9.5, 60}});
  EXPECT_NE(out.str().find("9.5/s, 1:00 left"), std::string::npos) << out.str();
}

TEST(Progress, BarRedrawsOneLineAndLeavesNone) {
  std::ostringstream out;
  {
    ProgressPrinter printer(out, Style::bar, 60);
    printer.report({"training", 5, 10, std::string(200, 'x')});
    EXPECT_NE(out.str().find("[##########..........] training"), std::string::npos) << out.str();
    EXPECT_LT(out.str().size(), 70u) << "the line must fit the terminal";
  }
  const std::string clear = "\r\033[K";
  EXPECT_EQ(out.str().substr(out.str().size() - clear.size()), clear);
  EXPECT_EQ(out.str().find('\n'), std::string::npos);
}

TEST(Progress, SilentPrintsNothing) {
  std::ostringstream out;
  ProgressPrinter printer(out, Style::silent);
  printer.report({"training", 1, 10, ""});
  printer.message("checkpoint");
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace scorefield::apps
