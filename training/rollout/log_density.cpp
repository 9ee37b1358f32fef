#include "training/rollout/log_density.hpp"

#include <torch/types.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace scorefield::training {

std::string describe(LogDensityKind kind) {
  return kind == LogDensityKind::gaussian ? "Gaussian fitted to the initial population, uniform on periodic coordinates"
                                          : "zero: the values are the change since the first time";
}

torch::Tensor initial_log_density(LogDensityKind kind, const torch::Tensor& x, const std::vector<double>& periods,
                                  const torch::Tensor& weights) {
  auto result = torch::zeros({x.size(0)}, x.options().dtype(torch::kFloat64));
  if (kind != LogDensityKind::gaussian) return result.to(x.scalar_type());
  std::vector<std::int64_t> free;
  for (std::size_t c = 0; c < periods.size(); ++c) {
    if (periods[c] > 0) result -= std::log(periods[c]);
    else free.push_back(static_cast<std::int64_t>(c));
  }
  const auto count = static_cast<std::int64_t>(free.size());
  if (count > 0) {
    const auto values = x.to(torch::kFloat64).index_select(1, torch::tensor(free).to(x.device()));
    torch::Tensor centered, covariance;
    if (weights.defined()) {
      const auto shares = weights.to(torch::kFloat64) / weights.to(torch::kFloat64).sum();  // [N, 1]
      centered = values - (shares * values).sum(0, true);
      covariance = centered.t().matmul(shares * centered);
    } else {
      centered = values - values.mean(0, true);
      covariance = centered.t().matmul(centered) / static_cast<double>(x.size(0) - 1);
    }
    const auto [factor, info] = at::linalg_cholesky_ex(covariance);
    if (x.size(0) <= count || info.item<std::int64_t>() != 0)
      throw UsageError(
          "infer.log_density gaussian: the covariance of the initial population is singular; use 'change'.");
    const auto whitened = at::linalg_solve_triangular(factor, centered.t(), false);
    result -= whitened.square().sum(0) / 2 + factor.diagonal().log().sum() +
              0.5 * static_cast<double>(count) * std::log(2 * std::numbers::pi);
  }
  return result.to(x.scalar_type());
}

}  // namespace scorefield::training
