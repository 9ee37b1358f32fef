#pragma once

#include <cstdint>
#include <functional>

#include "core/dense/dense.hpp"

namespace scorefield::gas {

using dense::Matrix;
using dense::Vector;

/// A cloud with what the target says of it; particles are columns, [d, N].
struct Cloud {
  Matrix x;
  Vector log_p;  ///< [N]; empty where the target has no density
  Matrix score;  ///< [d, N]; empty where it was not asked for

  [[nodiscard]] std::int64_t count() const { return x.cols(); }
  [[nodiscard]] std::int64_t dimension() const { return x.rows(); }
};

/// Fills log_p and, where wanted, score at x: one batched call.
using Evaluator = std::function<void(Cloud& cloud, bool with_score)>;

/// Normals of one use of the seed: [rows, columns], a pure function of (seed, stream).
[[nodiscard]] Matrix normals(std::int64_t rows, std::int64_t columns, std::uint64_t seed, std::uint64_t stream);
[[nodiscard]] Vector uniforms(std::int64_t count, std::uint64_t seed, std::uint64_t stream);

}  // namespace scorefield::gas
