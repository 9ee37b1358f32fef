#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/interval.hpp"
#include "core/options.hpp"

namespace scorefield::targets {

/// Where the user's coordinates live, and what they are called.
struct SpaceOptions {
  std::vector<Interval> bounds{};  ///< one per coordinate, or one for all; empty: the whole line
  std::string transform = "auto";  ///< words per coordinate, or one for all
  std::string variables{};         ///< "mu, theta[8], w[2,3]"; empty: no names

  [[nodiscard]] bool empty() const { return bounds.empty() && transform == "auto" && variables.empty(); }
};

/// Keys PREFIXbounds, PREFIXtransform, PREFIXvariables
void bind(OptionSet& set, SpaceOptions& options, const std::string& prefix);

/// A one-to-one map between the coordinates u [N, d] that samplers move, all of them on the whole line, and the user's
/// x [N, p]:
///   log      x = lower + e^u, or upper - e^u
///   logit    x = lower + (upper - lower)/(1 + e^-u)
///   ordered  x_1 = u_1, x_k = x_{k-1} + e^{u_k}
///   simplex  x_k >= 0, sum 1: K coordinates by stick-breaking from K - 1, z_k = 1/(1 + (K - k) e^{-u_k})
///   none     x = u
/// The density over a simplex is that over its first K - 1 coordinates.
class CoordinateSpace {
 public:
  /// For p coordinates. `auto` takes log, logit or none by the bounds. @throws UsageError for options that do not fit p
  /// or each other
  CoordinateSpace(const SpaceOptions& options, std::int64_t p);

  [[nodiscard]] std::int64_t dimension() const { return dimension_; }
  [[nodiscard]] std::int64_t user_dimension() const { return user_dimension_; }
  /// Whether x = u, everywhere.
  [[nodiscard]] bool identity() const;

  struct Point {
    torch::Tensor x;        ///< [N, p], never outside
    torch::Tensor log_det;  ///< [N], log |dx/du|
  };
  /// Differentiable in u.
  [[nodiscard]] Point to_user(const torch::Tensor& u) const;
  /// @throws UsageError naming a row of x that lies outside or on the border
  [[nodiscard]] torch::Tensor from_user(const torch::Tensor& x) const;
  /// Which rows of x lie inside of all bounds: [N] bool.
  [[nodiscard]] torch::Tensor inside(const torch::Tensor& x) const;

  enum class Kind { none, log, logit, ordered, simplex };

 private:
  /// Neighbouring coordinates of one kind: `count` of the user's from `user` on, `moved()` of the sampler's from
  /// `free`.
  struct Block {
    Kind kind;
    Interval bounds;
    std::int64_t user, count, free;
    [[nodiscard]] std::int64_t moved() const { return kind == Kind::simplex ? count - 1 : count; }
  };
  [[nodiscard]] static Point forward(const Block& block, const torch::Tensor& u);
  [[nodiscard]] static torch::Tensor backward(const Block& block, const torch::Tensor& x);

  std::vector<Block> blocks_;
  std::int64_t dimension_ = 0, user_dimension_ = 0;
};

}  // namespace scorefield::targets
