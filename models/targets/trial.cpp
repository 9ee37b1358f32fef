#include "models/targets/trial.hpp"

#include <torch/utils.h>

#include "core/error.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

constexpr std::int64_t kTrials = 4;  ///< points of a trial call

/// The largest difference of what is finite in both, in units of its size.
double relative_difference(const Tensor& a, const Tensor& b) {
  const auto both = torch::isfinite(a) & torch::isfinite(b);
  if (!both.any().item<bool>()) return 0;
  const auto x = a.masked_select(both), y = b.masked_select(both);
  return ((x - y).abs().max() / (1 + torch::max(x.abs().max(), y.abs().max()))).item<double>();
}

}  // namespace

Tensor trial_points(std::int64_t dimension, torch::Device device) {
  const auto k = torch::arange(kTrials * dimension, torch::kFloat64).view({kTrials, dimension});
  return (1.5 * torch::sin(1.7 * k + 0.3) + 0.2).to(device);
}

void check_rows(const Target& target, const Trial& trial, const Tensor& x, const Target::Evaluation& all) {
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const auto row = x.narrow(0, i, 1);
    const auto one = target.evaluate(row);
    if (relative_difference(one.log_density, all.log_density.narrow(0, i, 1)) > 1e-4 ||
        relative_difference(one.score, all.score.narrow(0, i, 1)) > 1e-3)
      throw FileError(trial.path,
                      trial.function +
                          " couples the rows of a batch: the value of a row changes with the rows beside it, as "
                          "with a mean over dimension 0. Make it a function of each row alone.");
  }
}

void check_gradient(const Target& target, const Trial& trial, const Tensor& x, const Target::Evaluation& at) {
  const double step = trial.step;
  const auto direction = torch::cos(torch::arange(x.size(1), torch::kFloat64)).to(x.device());
  const auto slope = (target.log_density(x + step * direction) - target.log_density(x - step * direction)) / (2 * step);
  const auto claimed = torch::mv(at.score, direction);
  const auto known = torch::isfinite(slope) & torch::isfinite(claimed);
  const auto size = torch::max(slope.abs(), claimed.abs());
  const auto wrong = ((slope - claimed).abs() > 0.2 * size) & (size > 1e-2);
  if (known.any().item<bool>() && (wrong | ~known).all().item<bool>())
    throw FileError(trial.path, "its score is not the gradient of " + trial.function +
                                    ", as differences show: part of x may be detached, or "
                                    "score(x) that of another density.");
}

}  // namespace scorefield::targets
