#include "training/calibration/gauss_newton.hpp"

#include <algorithm>
#include <cstddef>

namespace scorefield::training {
namespace {

/// Of a pivot to its diagonal element: below, a direction is a combination of those before it.
constexpr double kDependent = 1e-10;

/// Slope of the model in coordinate i at `x`.
double slope_at(const QuadraticModel& model, const std::vector<double>& x, std::size_t i) {
  const std::size_t p = x.size();
  double slope = model.slope[i];
  for (std::size_t j = 0; j < p; ++j) slope += model.curvature[i * p + j] * (x[j] - model.at[j]);
  return slope;
}

}  // namespace

std::vector<double> solve_semidefinite(std::vector<double> matrix, std::vector<double> right) {
  const std::size_t n = right.size();
  std::vector<double> diagonal;
  for (std::size_t i = 0; i < n; ++i) diagonal.push_back(matrix[i * n + i]);
  std::vector<bool> determined(n);
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = matrix[k * n + k];
    determined[k] = pivot > kDependent * diagonal[k] && diagonal[k] > 0;
    if (!determined[k]) continue;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = matrix[i * n + k] / pivot;
      for (std::size_t j = k + 1; j < n; ++j) matrix[i * n + j] -= factor * matrix[k * n + j];
      right[i] -= factor * right[k];
    }
  }
  std::vector<double> x(n);
  for (std::size_t k = n; k-- > 0;) {
    if (!determined[k]) continue;
    for (std::size_t j = k + 1; j < n; ++j) right[k] -= matrix[k * n + j] * x[j];
    x[k] = right[k] / matrix[k * n + k];
  }
  return x;
}

std::vector<double> bounded_minimum(const QuadraticModel& model) {
  const std::size_t p = model.at.size();
  std::vector<double> x = model.at;
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < p; ++i) free.push_back(i);
  while (!free.empty()) {
    std::vector<double> matrix, right;
    for (const std::size_t i : free) {
      for (const std::size_t j : free) matrix.push_back(model.curvature[i * p + j]);
      right.push_back(slope_at(model, x, i));
    }
    const auto step = solve_semidefinite(matrix, right);
    std::vector<std::size_t> inside;
    std::vector<double> next = x;
    for (std::size_t k = 0; k < free.size(); ++k) {
      const std::size_t i = free[k];
      next[i] = std::clamp(x[i] - step[k], model.low[i], model.high[i]);
      if (next[i] == x[i] - step[k]) inside.push_back(i);
    }
    if (inside.size() == free.size()) return next;
    // Those beyond the box stay on its boundary; the others look again from where they were.
    for (const std::size_t i : free)
      if (std::find(inside.begin(), inside.end(), i) == inside.end()) x[i] = next[i];
    free = std::move(inside);
  }
  return x;
}

}  // namespace scorefield::training
