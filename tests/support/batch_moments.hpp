#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "solvers/sde/ensemble.hpp"

namespace scorefield::test {

/// An estimate with its standard error.
struct Estimate {
  double value = 0, error = 0;
};

/// Mean of `observable(particle)` over an ensemble, with the standard error that 20 batches of particles show.
template <class Observable>
Estimate batch_mean(std::int64_t particles, Observable&& observable) {
  constexpr std::int64_t kBatches = 20;
  std::vector<double> sums(kBatches);
  const std::int64_t size = particles / kBatches;
  for (std::int64_t n = 0; n < size * kBatches; ++n)
    sums[static_cast<std::size_t>(n / size)] += observable(n) / static_cast<double>(size);
  Estimate estimate;
  for (const double sum : sums) estimate.value += sum / kBatches;
  for (const double sum : sums) estimate.error += std::pow(sum - estimate.value, 2) / (kBatches * (kBatches - 1));
  estimate.error = std::sqrt(estimate.error);
  return estimate;
}

/// E[X_i] and E[X_i^2] of one coordinate.
inline Estimate first_moment(const sde::Ensemble& ensemble, std::int64_t i) {
  return batch_mean(ensemble.particles(), [&](std::int64_t n) { return ensemble.state(n, i); });
}

inline Estimate second_moment(const sde::Ensemble& ensemble, std::int64_t i) {
  return batch_mean(ensemble.particles(), [&](std::int64_t n) { return std::pow(ensemble.state(n, i), 2); });
}

/// How many standard errors two independent estimates lie apart.
inline double distance(const Estimate& a, const Estimate& b) {
  return std::abs(a.value - b.value) / std::hypot(a.error, b.error);
}

}  // namespace scorefield::test
