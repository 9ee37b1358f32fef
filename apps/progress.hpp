#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "core/progress.hpp"

namespace scorefield::apps {

/// "1:05", "2:03:04"; empty for a negative time.
[[nodiscard]] std::string format_duration(double seconds);

/// "training 40% 400/1000, 12.5/s, 0:48 left, loss -1.2": what both styles print.
[[nodiscard]] std::string format_progress(const Progress& progress, const Pace& pace);

/// Shows a Progress to the user: a bar that redraws itself on a terminal, plain lines at intervals elsewhere.
class ProgressPrinter {
 public:
  enum class Style { bar, lines, silent };

  /// On stderr: silent if `quiet`, a bar on a terminal, else lines.
  explicit ProgressPrinter(bool quiet);
  ProgressPrinter(std::ostream& out, Style style, int width = 80);
  ~ProgressPrinter();
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;

  /// Shows `progress` if it is due: the first and the last of a stage always, between them ten times a second
  /// (bar) or every ten seconds (lines). A pace that is not given is measured here since the stage's first report.
  void report(const Progress& progress);
  /// A line of its own.
  void message(const std::string& text);

  /// report() as an observer; the printer must outlive it.
  [[nodiscard]] ProgressObserver observer();

 private:
  using Clock = std::chrono::steady_clock;

  void enter_stage(const Progress& progress);
  [[nodiscard]] Pace measured_pace(const Progress& progress) const;
  void show(const std::string& text);
  void clear_bar();

  std::ostream& out_;
  Style style_;
  int width_;
  std::string stage_;
  std::int64_t stage_done_ = 0;  ///< units done at the stage's first report (a resumed run does not start at 0)
  Clock::time_point stage_start_{};
  Clock::time_point last_shown_{};
  bool started_ = false;
  bool finished_ = false;  ///< the stage's last report has been shown
  bool bar_open_ = false;
};

}  // namespace scorefield::apps
