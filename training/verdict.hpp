#pragma once

#include <cstddef>
#include <vector>

namespace scorefield::training {

/// The rows of /history: one per logging interval.
struct History {
  std::vector<double> step, loss, validation_loss, seconds, learning_rate;
};

/// The validation loss of the weights that a training began with.
struct Untrained {
  double validation_loss = 0;
  double scale = 0;  ///< the largest size of its parts: what counts as small
};

enum class Verdict {
  sound,
  overfitted,  ///< the validation loss has risen, the training loss has not
  diverged     ///< both have, or the training went through an explosion that left nothing
};

/// Index of the row with the least validation loss, the first of several. `history` has rows.
[[nodiscard]] std::size_t best_row(const History& history);

/// How a training ends. Every loss is 0 for a field of zero and about minus half of the action for the exact one, so a
/// loss L has been lost when it lies above its least value by more than a share of |L|.
[[nodiscard]] Verdict judge(const History& history, const Untrained& untrained);

}  // namespace scorefield::training
