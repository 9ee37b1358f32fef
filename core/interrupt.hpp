#pragma once

namespace scorefield {

/// Makes SIGINT and SIGTERM set a flag instead of ending the process; a second SIGINT ends it at once.
void catch_interrupts();

/// Whether the user asked to stop. Long loops look at it between steps, save their state and throw Interrupted.
[[nodiscard]] bool interrupt_requested() noexcept;

/// Forgets a request that has been dealt with.
void clear_interrupt() noexcept;

}  // namespace scorefield
