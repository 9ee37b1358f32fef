#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "training/metrics/point_cloud.hpp"

namespace scorefield::test {

/// A cloud whose points weigh 0, 1, 2 or 3, and the same population as points of equal weight, in another order.
struct TwoForms {
  metrics::PointCloud weighted, repeated;
};
inline TwoForms two_forms(std::int64_t points, std::int64_t dimension, std::uint64_t seed) {
  const Philox random(seed, 7);
  TwoForms forms{{dimension, {}}, {dimension, {}}};
  for (std::int64_t i = 0; i < points; ++i) {
    for (std::int64_t k = 0; k < dimension; ++k)
      forms.weighted.values.push_back(
          static_cast<float>(random.normals(static_cast<std::uint64_t>(i * dimension + k))[0]));
    forms.weighted.weights.push_back(static_cast<float>(i % 4) * 5e7F);
  }
  for (int round = 1; round <= 3; ++round)
    for (std::int64_t i = points - 1; i >= 0; --i) {
      const auto point = forms.weighted.point(i);
      if (i % 4 >= round) forms.repeated.values.insert(forms.repeated.values.end(), point.begin(), point.end());
    }
  return forms;
}

/// Points of N(shift, 1) at even quantiles with the weights that make N(0, 1) of them.
inline metrics::PointCloud reweighted_gaussian(std::int64_t points, double shift) {
  const auto quantile = [](double p) {
    double low = -10, high = 10;
    for (int i = 0; i < 80; ++i) {
      const double middle = 0.5 * (low + high);
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
    }
    return 0.5 * (low + high);
  };
  metrics::PointCloud cloud{1, {}};
  for (std::int64_t i = 0; i < points; ++i) {
    const double x = shift + quantile((static_cast<double>(i) + 0.5) / static_cast<double>(points));
    cloud.values.push_back(static_cast<float>(x));
    cloud.weights.push_back(static_cast<float>(1e12 * std::exp(-x * shift)));
  }
  return cloud;
}

}  // namespace scorefield::test
