#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::metrics {

/// Anderson acceleration (type II) of a fixed-point iteration x <- x + r(x): the next point is that of the recent
/// affine subspace whose linearised residual is smallest, plus `damping` times this residual (Walker and Ni, SIAM J.
/// Numer. Anal. 2011). The unknowns come in blocks; exchanging blocks exchanges results, bit for bit.
class AndersonMixer {
 public:
  AndersonMixer(const std::vector<std::int64_t>& block_sizes, std::int64_t memory, float damping);

  /// Replaces every block of `points` by its next value, given the residuals there. A residual more than twice
  /// the smallest seen drops the history, and the step is a plain damped one.
  void advance(std::span<const std::span<float>> points, std::span<const std::span<const float>> residuals);

 private:
  struct Block {
    std::vector<float> last_point;        ///< [n]
    std::vector<float> last_residual;     ///< [n]
    std::vector<float> point_changes;     ///< [memory, n]
    std::vector<float> residual_changes;  ///< [memory, n]
  };

  void record(std::span<const std::span<float>> points, std::span<const std::span<const float>> residuals);
  [[nodiscard]] std::vector<float> coefficients(std::span<const std::span<const float>> residuals) const;

  std::vector<Block> blocks_;
  std::int64_t memory_;
  float damping_;
  std::int64_t recorded_ = 0;  ///< changes seen since the last restart
  bool has_last_ = false;
  double smallest_ = 0;  ///< squared norm of the smallest residual since the last restart
};

}  // namespace scorefield::metrics
