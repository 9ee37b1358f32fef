#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/score.hpp"

namespace scorefield::targets {

/// What is known exactly about a target; absent where it is not.
struct Truth {
  torch::Tensor mean;          ///< [d]
  torch::Tensor covariance;    ///< [d, d]
  torch::Tensor modes;         ///< [m, d] centres of well-separated modes
  torch::Tensor mode_weights;  ///< [m], sum 1
};

/// A named array of numbers for every point of a cloud: "theta" with values [N, 8].
struct Variable {
  std::string name;
  std::string role;      ///< "parameter", "transformed parameter", "generated quantity"
  torch::Tensor values;  ///< [N, shape...]
};

/// A cloud in the coordinates and words of whoever wrote the target, where samplers move it in others.
struct UserCloud {
  torch::Tensor samples;           ///< [N, p]
  torch::Tensor log_density;       ///< [N], over these coordinates; undefined: only that over the sampler's is known
  std::vector<std::string> names;  ///< [p]
  std::vector<Variable> variables{};
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

  /// p, the number of the user's coordinates.
  [[nodiscard]] virtual std::int64_t user_dimension() const { return dimension(); }
  /// What the points x stand for; undefined samples: x itself. `seed`: of quantities that are drawn for each point.
  [[nodiscard]] virtual UserCloud user_cloud([[maybe_unused]] const torch::Tensor& x,
                                             [[maybe_unused]] std::uint64_t seed) const {
    return {};
  }
  /// Points in the user's coordinates [N, p] as samplers move them. @throws UsageError where that is impossible
  [[nodiscard]] virtual torch::Tensor from_user(const torch::Tensor& samples) const { return samples; }
  /// What readers of a result should know of the evaluations so far.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace scorefield::targets
