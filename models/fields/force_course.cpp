#include "models/fields/force_course.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace scorefield::models {

void ForceCourse::at(double t, std::span<double> coefficients) const {
  const std::size_t n = size(), last = time.size() - 1;
  if (last == 0 || t <= time.front() || t >= time.back()) {
    const auto row = value.begin() + static_cast<std::ptrdiff_t>(last == 0 || t <= time.front() ? 0 : last * n);
    std::copy(row, row + static_cast<std::ptrdiff_t>(n), coefficients.begin());
    return;
  }
  const auto after = static_cast<std::size_t>(std::upper_bound(time.begin(), time.end(), t) - time.begin());
  const std::size_t k = after - 1;
  const double h = time[after] - time[k], s = (t - time[k]) / h;
  const double b = s * s * (3 - 2 * s), a = 1 - b, c = s * (1 - s) * (1 - s) * h, d = s * s * (s - 1) * h;
  for (std::size_t i = 0; i < n; ++i)
    coefficients[i] = a * value[k * n + i] + b * value[after * n + i] + c * slope[k * n + i] + d * slope[after * n + i];
}

void ForceCourse::slope_at(double t, std::span<double> slopes) const {
  const std::size_t n = size(), last = time.size() - 1;
  if (last == 0 || t < time.front() || t > time.back()) {
    std::fill(slopes.begin(), slopes.end(), 0.0);
    return;
  }
  const auto found = static_cast<std::size_t>(std::upper_bound(time.begin(), time.end(), t) - time.begin());
  const std::size_t after = std::min(found, last), k = after - 1;
  const double h = time[after] - time[k], s = (t - time[k]) / h;
  const double rise = 6 * s * (1 - s) / h, c = (1 - s) * (1 - 3 * s), d = s * (3 * s - 2);
  for (std::size_t i = 0; i < n; ++i)
    slopes[i] = rise * (value[after * n + i] - value[k * n + i]) + c * slope[k * n + i] + d * slope[after * n + i];
}

std::vector<double> spline_slopes(const std::vector<double>& time, const std::vector<double>& value) {
  const std::size_t count = time.size(), n = value.size() / std::max<std::size_t>(count, 1);
  std::vector<double> slope(value.size());
  if (count < 2) return slope;
  std::vector<double> h(count - 1);
  for (std::size_t k = 0; k + 1 < count; ++k) {
    h[k] = time[k + 1] - time[k];
    if (!(h[k] > 0)) throw Error("a spline needs increasing times");
  }
  const auto rise = [&](std::size_t k, std::size_t i) { return (value[(k + 1) * n + i] - value[k * n + i]) / h[k]; };
  if (count == 2) {
    for (std::size_t i = 0; i < n; ++i) slope[i] = slope[n + i] = rise(0, i);
    return slope;
  }
  if (count == 3) {
    for (std::size_t i = 0; i < n; ++i) {
      const double bend = (rise(1, i) - rise(0, i)) / (h[0] + h[1]);
      slope[i] = rise(0, i) - bend * h[0];
      slope[n + i] = rise(0, i) + bend * h[0];
      slope[2 * n + i] = rise(1, i) + bend * h[1];
    }
    return slope;
  }
  // Rows (lower, middle, upper) of the tridiagonal system, its right side in `slope`.
  const std::size_t end = count - 1;
  std::vector<double> lower(count), middle(count), upper(count);
  const auto edge = [&](std::size_t row, std::size_t near, std::size_t far) {
    const double sum = h[near] + h[far];
    middle[row] = h[far];
    (row == 0 ? upper : lower)[row] = sum;
    for (std::size_t i = 0; i < n; ++i)
      slope[row * n + i] = ((h[near] + 2 * sum) * h[far] * rise(near, i) + h[near] * h[near] * rise(far, i)) / sum;
  };
  edge(0, 0, 1);
  edge(end, end - 1, end - 2);
  for (std::size_t k = 1; k < end; ++k) {
    lower[k] = h[k];
    middle[k] = 2 * (h[k - 1] + h[k]);
    upper[k] = h[k - 1];
    for (std::size_t i = 0; i < n; ++i) slope[k * n + i] = 3 * (h[k] * rise(k - 1, i) + h[k - 1] * rise(k, i));
  }
  for (std::size_t k = 1; k < count; ++k) {
    const double factor = lower[k] / middle[k - 1];
    middle[k] -= factor * upper[k - 1];
    for (std::size_t i = 0; i < n; ++i) slope[k * n + i] -= factor * slope[(k - 1) * n + i];
  }
  for (std::size_t k = count; k-- > 0;)
    for (std::size_t i = 0; i < n; ++i) {
      if (k < end) slope[k * n + i] -= upper[k] * slope[(k + 1) * n + i];
      slope[k * n + i] /= middle[k];
    }
  return slope;
}

}  // namespace scorefield::models
