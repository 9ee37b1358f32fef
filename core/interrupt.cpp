#include "core/interrupt.hpp"

#include <time.h>

#include <atomic>
#include <csignal>

namespace scorefield {
namespace {

constexpr int kNone = 0;
/// A launcher passes its own Ctrl-C on to processes that had it from the terminal already: what comes within this time
/// is the same request.
constexpr int kSameRequest = 250;              // ms
volatile std::sig_atomic_t requested = kNone;  ///< the signal that asked first
volatile std::sig_atomic_t requested_at = 0;
std::atomic<int> abandonable{0};

/// Milliseconds of the monotonic clock, modulo 2^30.
std::sig_atomic_t milliseconds() {
  struct timespec now {};
  clock_gettime(CLOCK_MONOTONIC, &now);  // may be called from a handler
  return static_cast<std::sig_atomic_t>((now.tv_sec * 1000 + now.tv_nsec / 1000000) & 0x3fffffff);
}

extern "C" void on_signal(int signal) {
  if (requested == kNone) {
    requested = signal;
    requested_at = milliseconds();
  } else if (((milliseconds() - requested_at) & 0x3fffffff) > kSameRequest) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void catch_interrupts() {
  for (const int signal : kEndingSignals)
    if (std::signal(signal, on_signal) == SIG_IGN && signal == SIGHUP) std::signal(signal, SIG_IGN);  // nohup
  std::signal(SIGPIPE, SIG_IGN);
}

EndedBySignals::EndedBySignals() {
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) handlers_[i] = std::signal(kEndingSignals[i], SIG_DFL);
}

EndedBySignals::~EndedBySignals() {
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) std::signal(kEndingSignals[i], handlers_[i]);
}

bool interrupt_requested() noexcept { return requested != kNone; }

Abandonable::Abandonable() noexcept { ++abandonable; }

Abandonable::~Abandonable() { --abandonable; }

bool abandon_requested() noexcept { return requested != kNone && abandonable.load(std::memory_order_relaxed) > 0; }

void clear_interrupt() noexcept { requested = kNone; }

}  // namespace scorefield
