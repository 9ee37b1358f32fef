#include "core/interrupt.hpp"

#include <csignal>

namespace scorefield {
namespace {

volatile std::sig_atomic_t requested = 0;

extern "C" void on_signal(int signal) {
  if (requested && signal == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  requested = 1;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

EndedBySignals::EndedBySignals()
    : on_interrupt_(std::signal(SIGINT, SIG_DFL)), on_terminate_(std::signal(SIGTERM, SIG_DFL)) {}

EndedBySignals::~EndedBySignals() {
  std::signal(SIGINT, on_interrupt_);
  std::signal(SIGTERM, on_terminate_);
}

bool interrupt_requested() noexcept { return requested != 0; }

void clear_interrupt() noexcept { requested = 0; }

}  // namespace scorefield
