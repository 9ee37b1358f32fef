#pragma once

#include <array>
#include <csignal>

namespace scorefield {

/// What asks a process to end: Ctrl-C, kill and batch systems, a terminal that was closed.
inline constexpr std::array kEndingSignals{SIGINT, SIGTERM, SIGHUP};

/// Makes these signals set a flag instead of ending the process, but for a SIGHUP that it was started to ignore
/// (nohup). A second one, a quarter of a second later or more, ends it at once. Writing to a pipe
/// that nobody reads any more (`| head`) becomes a failed write.
void catch_interrupts();

/// While it lives, a first such signal ends the process at once: for calls that wait for others and cannot look
/// at the flag, where nothing is there yet to be saved.
class EndedBySignals {
 public:
  EndedBySignals();
  ~EndedBySignals();
  EndedBySignals(const EndedBySignals&) = delete;
  EndedBySignals& operator=(const EndedBySignals&) = delete;

 private:
  using Handler = void (*)(int);
  std::array<Handler, kEndingSignals.size()> handlers_{};
};

/// Whether the user asked to stop. Long loops look at it between steps, save their state and throw Interrupted.
[[nodiscard]] bool interrupt_requested() noexcept;

/// While one lives, work in the middle of which a request cannot be answered may be given up: whoever made it has what
/// the run goes on from, or has nothing to lose.
class Abandonable {
 public:
  Abandonable() noexcept;
  ~Abandonable();
  Abandonable(const Abandonable&) = delete;
  Abandonable& operator=(const Abandonable&) = delete;
};

/// Whether the user asked to stop and the present work may be given up, by throwing Interrupted. Every parallel_for
/// looks at it; for other loops that take seconds inside of one step.
[[nodiscard]] bool abandon_requested() noexcept;

/// Forgets a request that has been dealt with.
void clear_interrupt() noexcept;

}  // namespace scorefield
