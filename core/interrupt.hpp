#pragma once

namespace scorefield {

/// Makes SIGINT and SIGTERM set a flag instead of ending the process; a second SIGINT ends it at once.
void catch_interrupts();

/// While it lives, a first SIGINT or SIGTERM ends the process at once: for calls that wait for others and cannot look
/// at the flag, where nothing is there yet to be saved.
class EndedBySignals {
 public:
  EndedBySignals();
  ~EndedBySignals();
  EndedBySignals(const EndedBySignals&) = delete;
  EndedBySignals& operator=(const EndedBySignals&) = delete;

 private:
  using Handler = void (*)(int);
  Handler on_interrupt_, on_terminate_;
};

/// Whether the user asked to stop. Long loops look at it between steps, save their state and throw Interrupted.
[[nodiscard]] bool interrupt_requested() noexcept;

/// Forgets a request that has been dealt with.
void clear_interrupt() noexcept;

}  // namespace scorefield
