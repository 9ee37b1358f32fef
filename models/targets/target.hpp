#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "models/score.hpp"

namespace scorefield::targets {

/// What is known exactly about a target; absent where it is not.
struct Truth {
  torch::Tensor mean;          ///< [d]
  torch::Tensor covariance;    ///< [d, d]
  torch::Tensor modes;         ///< [m, d] centres of well-separated modes
  torch::Tensor mode_weights;  ///< [m], sum 1
};

/// A density to sample from, known up to its normalisation. float64 on any device; x: [N, d].
class Target : public Score {
 public:
  [[nodiscard]] virtual std::string name() const = 0;

  /// Whether log p exists, not only its gradient. A learned score has none: methods that compare densities (teleport,
  /// MALA, SMC, the tempered gas) must refuse it and say so.
  [[nodiscard]] virtual bool has_log_density() const { return true; }
  /// Unnormalised log p(x): [N]. @throws UsageError where there is none
  [[nodiscard]] virtual torch::Tensor log_density(const torch::Tensor& x) const = 0;

  struct Evaluation {
    torch::Tensor log_density;  ///< [N], undefined where there is none
    torch::Tensor score;        ///< [N, d]
  };
  /// Both from one batched pass.
  [[nodiscard]] virtual Evaluation evaluate(const torch::Tensor& x) const = 0;

  /// n independent exact draws [n, d], a pure function of seed; undefined where nobody knows how.
  [[nodiscard]] virtual torch::Tensor draw([[maybe_unused]] std::int64_t n, [[maybe_unused]] std::uint64_t seed) const {
    return {};
  }
  /// The points [m, d] float64 by which alone the target is known; undefined for a density.
  [[nodiscard]] virtual torch::Tensor sample_set() const { return {}; }
  [[nodiscard]] virtual Truth truth() const { return {}; }
};

}  // namespace scorefield::targets
