#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/dense/dense.hpp"
#include "core/state_archive.hpp"

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

/// Effective sample size of weights over their number, from their logarithms; what is no number weighs nothing.
[[nodiscard]] double relative_ess(Vector log_weights);

/// A matrix [rows, columns] of a run's state, particles or whatever its columns are one after the other: an array
/// [columns, rows]; `columns` may be StateArchive::kAny. And a vector.
void exchange(StateArchive& archive, const std::string& name, Matrix& matrix, std::int64_t rows, std::int64_t columns);
void exchange(StateArchive& archive, const std::string& name, Vector& vector, std::int64_t size);
/// Positions, log p and score of `count` particles (or kAny) in d dimensions.
void exchange(StateArchive& archive, const std::string& name, Cloud& cloud, std::int64_t d, std::int64_t count);

}  // namespace scorefield::gas
