#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "models/derivatives.hpp"

namespace scorefield::test_support {

/// Central-difference steps and tolerances, in float64: truncation h^2 and rounding 1e-16 / h (first derivative),
/// 1e-16 / h^2 (second) both stay below the tolerances for functions of order one.
struct GradientCheck {
  double step = 1e-5;
  double tolerance = 1e-8;         ///< |difference| <= tolerance (1 + |value|)
  double second_tolerance = 1e-7;  ///< of second derivatives, which difference the analytic gradient
};

inline void expect_near(const torch::Tensor& actual, const torch::Tensor& expected, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const auto difference = (actual.detach() - expected.detach()).abs() / (1 + expected.detach().abs());
  EXPECT_TRUE(difference.isfinite().all().item<bool>()) << what << " is not finite";
  if (difference.numel() == 0) return;
  EXPECT_LE(difference.max().item<double>(), tolerance) << what << ":\n" << actual << "\nexpected\n" << expected;
}

/// [f(x + h e_j) - f(x - h e_j)] / 2h for every coordinate j of independent samples: f maps x [B, d] to [B, ...]; the
/// result is [B, ..., d].
inline torch::Tensor central_differences(const std::function<torch::Tensor(const torch::Tensor&)>& f,
                                         const torch::Tensor& x, double step) {
  std::vector<torch::Tensor> columns;
  for (std::int64_t j = 0; j < x.size(1); ++j) {
    torch::Tensor shift = torch::zeros_like(x);
    shift.select(1, j).fill_(step);
    columns.push_back((f(x + shift).detach() - f(x - shift).detach()) / (2 * step));
  }
  return torch::stack(columns, -1);
}

/// Checks `gradient` [B, d] (any implementation) of the potential f at x [B, d] float64 against central differences.
inline void expect_gradient_matches(const models::Potential& f, const torch::Tensor& gradient, const torch::Tensor& x,
                                    const GradientCheck& check = {}) {
  expect_near(gradient, central_differences(f, x.detach(), check.step), check.tolerance, "gradient");
}

/// Checks value shape, gradient and Laplacian of the potential f at x [B, d] float64, all by autograd, against central
/// differences. Hutchinson's estimate takes the unit vectors as probes: their mean times d is the exact Laplacian.
inline void expect_gradients_match(const models::Potential& f, const torch::Tensor& x,
                                   const GradientCheck& check = {}) {
  ASSERT_EQ(x.scalar_type(), torch::kFloat64) << "central differences need float64";
  ASSERT_EQ(f(x).sizes(), (std::vector<std::int64_t>{x.size(0)}));
  expect_gradient_matches(f, models::gradient(f, x), x, check);

  const auto slope = [&](const torch::Tensor& y) { return models::gradient(f, y); };
  const auto hessian = central_differences(slope, x.detach(), check.step);  // [B, d, d]
  const auto laplacian = hessian.diagonal(0, 1, 2).sum(-1);
  expect_near(models::laplacian_exact(f, x), laplacian, check.second_tolerance, "Laplacian");
  const auto unit = torch::eye(x.size(1), x.options()).unsqueeze(1).expand({x.size(1), x.size(0), x.size(1)});
  expect_near(models::laplacian_hutchinson(f, x, unit) * x.size(1), laplacian, check.second_tolerance,
              "Hutchinson Laplacian");
}

}  // namespace scorefield::test_support
