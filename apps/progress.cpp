#include "apps/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace scorefield::apps {
namespace {

constexpr int kBarCells = 20;

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

ProgressPrinter::Style stderr_style(bool quiet) {
  if (quiet) return ProgressPrinter::Style::silent;
  return isatty(STDERR_FILENO) ? ProgressPrinter::Style::bar : ProgressPrinter::Style::lines;
}

double fraction(const Progress& progress) {
  if (progress.total <= 0) return 0;
  return std::clamp(static_cast<double>(progress.done) / static_cast<double>(progress.total), 0.0, 1.0);
}

std::string format_rate(double per_second) {
  char text[32];
  std::snprintf(text, sizeof text, per_second < 100 ? "%.2g/s" : "%.0f/s", per_second);
  return text;
}

}  // namespace

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e8) return "";
  const auto total = static_cast<std::int64_t>(std::lround(seconds));
  char text[32];
  if (total < 3600)
    std::snprintf(text, sizeof text, "%d:%02d", static_cast<int>(total / 60), static_cast<int>(total % 60));
  else
    std::snprintf(text, sizeof text, "%d:%02d:%02d", static_cast<int>(total / 3600), static_cast<int>(total / 60 % 60),
                  static_cast<int>(total % 60));
  return text;
}

std::string format_progress(const Progress& progress, const Pace& pace) {
  std::string text = progress.stage;
  if (progress.total > 0) {
    char counts[64];
    std::snprintf(counts, sizeof counts, " %3.0f%% %lld/%lld", std::floor(100 * fraction(progress)),
                  static_cast<long long>(progress.done), static_cast<long long>(progress.total));
    text += counts;
  }
  if (pace.per_second > 0) text += ", " + format_rate(pace.per_second);
  if (const auto left = format_duration(pace.seconds_left); !left.empty()) text += ", " + left + " left";
  if (!progress.detail.empty()) text += ", " + progress.detail;
  return text;
}

ProgressPrinter::ProgressPrinter(bool quiet) : ProgressPrinter(std::cerr, stderr_style(quiet), terminal_width()) {}

ProgressPrinter::ProgressPrinter(std::ostream& out, Style style, int width) : out_(out), style_(style), width_(width) {}

ProgressPrinter::~ProgressPrinter() { clear_bar(); }

ProgressObserver ProgressPrinter::observer() {
  return [this](const Progress& progress) { report(progress); };
}

void ProgressPrinter::report(const Progress& progress) {
  if (style_ == Style::silent) return;
  enter_stage(progress);
  const double interval = style_ == Style::bar ? 0.1 : 10.0;
  const bool first = last_shown_ == Clock::time_point{};
  const bool last = progress.total > 0 && progress.done >= progress.total;
  const bool due = std::chrono::duration<double>(Clock::now() - last_shown_).count() >= interval;
  if (finished_ || !(first || last || due)) return;
  finished_ = last;
  last_shown_ = Clock::now();
  const std::string text =
      format_progress(progress, progress.pace.per_second < 0 ? measured_pace(progress) : progress.pace);
  if (style_ == Style::lines) {
    out_ << text << std::endl;
    return;
  }
  const auto filled = static_cast<std::size_t>(std::lround(kBarCells * fraction(progress)));
  std::string bar(kBarCells, '.');
  std::fill_n(bar.begin(), filled, '#');
  show('[' + bar + "] " + text);
}

void ProgressPrinter::message(const std::string& text) {
  if (style_ == Style::silent) return;
  clear_bar();
  out_ << text << std::endl;
}

void ProgressPrinter::enter_stage(const Progress& progress) {
  if (started_ && progress.stage == stage_) return;
  started_ = true;
  finished_ = false;
  stage_ = progress.stage;
  stage_done_ = progress.done;
  stage_start_ = Clock::now();
  if (style_ == Style::lines) last_shown_ = {};
}

Pace ProgressPrinter::measured_pace(const Progress& progress) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - stage_start_).count();
  const auto units = static_cast<double>(progress.done - stage_done_);
  if (units <= 0 || seconds <= 0) return {};
  return {units / seconds, static_cast<double>(progress.total - progress.done) * seconds / units};
}

void ProgressPrinter::show(const std::string& text) {
  out_ << "\r\033[K" << text.substr(0, static_cast<std::size_t>(std::max(20, width_ - 1))) << std::flush;
  bar_open_ = true;
}

void ProgressPrinter::clear_bar() {
  if (bar_open_) out_ << "\r\033[K" << std::flush;
  bar_open_ = false;
}

}  // namespace scorefield::apps
