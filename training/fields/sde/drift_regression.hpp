#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "training/fields/sde/increments.hpp"
#include "training/fields/sde/sde_model.hpp"

namespace scorefield::training {

/// Increments as rows of a regression: what functions see in the middle of the step, and the increment they have to
/// explain, in units of the drift. The middle is where the model's own drift leads, and what its Runge-Kutta step adds
/// to the drift there is taken off, so that a step is linear in the functions.
struct RegressionRows {
  torch::Tensor state, mu, t;  ///< [R, columns], [R, p], [R, 1]
  torch::Tensor h, target;     ///< [R, 1], [R, outputs]
};
[[nodiscard]] RegressionRows regression_rows(const SdeModel& model, const Increments& batch);

/// Values of functions in rows, [R, F].
using RowFunctions = std::function<torch::Tensor(const RegressionRows&)>;

/// W [F, outputs] of gram W = products, gram [F, F] scaled to a diagonal of 1, on which the ridge is added.
[[nodiscard]] torch::Tensor solve_scaled(const torch::Tensor& gram, const torch::Tensor& products, double ridge);

/// Sums of a regression, E[h psi psi'] W = E[psi target'].
class NormalEquations {
 public:
  void add(const torch::Tensor& psi, const RegressionRows& rows);
  /// W, [F, outputs].
  [[nodiscard]] torch::Tensor solution() const;
  /// Mean over rows of the square of what W leaves, over h, less that of W = 0; `weights`: of the outputs.
  [[nodiscard]] double loss(const torch::Tensor& w, const torch::Tensor& weights) const;

 private:
  torch::Tensor gram_, products_;
  double rows_ = 0;
};

/// The increments that a drift is fitted to, and how losses of its outputs are weighed.
class DriftRegression {
 public:
  DriftRegression(const IncrementTable& table, SdeModel& model) : table_(table), model_(model) {}

  /// Increments a batch, whose rows are about as many as the options say.
  [[nodiscard]] std::int64_t batch() const;
  [[nodiscard]] Increments draw(std::uint64_t index, bool validation) const {
    return table_.draw(batch(), index, validation);
  }
  /// Of the outputs' squares, so that a coordinate's quadratic variation counts 1, [outputs].
  [[nodiscard]] torch::Tensor weights() const;
  /// Mean over increments and coordinates of what the model's step leaves, squared, over that variation.
  [[nodiscard]] double loss(const Increments& batch) const;
  /// Range of the rows and a linear library, which say how large the drift is.
  void start() const;
  /// Raises the library's degrees while held-back increments gain by that, within the options' number of functions.
  void choose_library() const;
  /// Solves for the readout of the library and, where the correction counts, of its last layer, from as many increments
  /// as there are.
  void solve() const;

 private:
  [[nodiscard]] std::vector<RegressionRows> prepared(std::int64_t batches, std::uint64_t first, bool validation) const;
  [[nodiscard]] std::vector<LibraryDegrees> larger() const;
  [[nodiscard]] double held_back_loss() const;
  void solve_with(std::int64_t batches) const;

  const IncrementTable& table_;
  SdeModel& model_;
};

/// Whether losses of the same batches are lower than before by more than chance.
[[nodiscard]] bool are_lower(const std::vector<double>& losses, const std::vector<double>& before);

}  // namespace scorefield::training
