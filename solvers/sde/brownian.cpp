#include "solvers/sde/brownian.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace scorefield::sde {
namespace {

// On the fine grid: dW = sqrt(h) xi and I = h^(3/2) (xi + zeta / sqrt 3) / 2, of variance h^3 / 3 and covariance h^2
// / 2.
constexpr double kTilt = std::numbers::inv_sqrt3;

}  // namespace

NormalRows::NormalRows(std::uint64_t key, Draw draw, std::uint32_t first_particle, std::uint64_t first_row)
    : fill_(kNormals.chosen().fill), key_(key), draw_(draw), first_particle_(first_particle), row_(first_row) {
  if (row_ % kRows != 0) fill_(key_, draw_, row_ / kRows, first_particle_, rows_);
}

const double* NormalRows::next() {
  const std::uint64_t place = row_ % kRows;
  if (place == 0) fill_(key_, draw_, row_ / kRows, first_particle_, rows_);
  ++row_;
  return rows_ + place * kLanes;
}

BrownianPath::BrownianPath(std::uint64_t key, std::uint32_t first_particle, std::int64_t first_step,
                           const PathSettings& settings)
    : noisy_(settings.noisy),
      refinement_(settings.refinement),
      fine_h_(settings.h / static_cast<double>(refinement_)),
      xi_(key, Draw::increment, first_particle, static_cast<std::uint64_t>(first_step * refinement_ * noisy_)),
      zeta_(key, Draw::integral, first_particle, static_cast<std::uint64_t>(first_step * refinement_ * noisy_)),
      increments_(offset(noisy_)),
      integrals_(settings.with_integrals ? offset(noisy_) : 0) {}

void BrownianPath::advance() {
  if (refinement_ == 1) return advance_unrefined();
  std::fill(increments_.begin(), increments_.end(), 0.0);
  std::fill(integrals_.begin(), integrals_.end(), 0.0);
  const double root = std::sqrt(fine_h_), half = 0.5 * fine_h_ * root;
  for (std::int64_t fine = 0; fine < refinement_; ++fine) {
    for (std::int64_t j = 0; j < noisy_; ++j) {
      const double* xi = xi_.next();
      double* w = &increments_[offset(j)];
      if (!integrals_.empty()) {
        const double* zeta = zeta_.next();
        double* integral = &integrals_[offset(j)];
        for (int n = 0; n < kLanes; ++n) integral[n] += fine_h_ * w[n] + half * (xi[n] + kTilt * zeta[n]);
      }
      for (int n = 0; n < kLanes; ++n) w[n] += root * xi[n];
    }
  }
}

void BrownianPath::advance_unrefined() {
  const double root = std::sqrt(fine_h_), half = 0.5 * fine_h_ * root;
  for (std::int64_t j = 0; j < noisy_; ++j) {
    const double* xi = xi_.next();
    double* w = &increments_[offset(j)];
    for (int n = 0; n < kLanes; ++n) w[n] = root * xi[n];
    if (integrals_.empty()) continue;
    const double* zeta = zeta_.next();
    double* integral = &integrals_[offset(j)];
    for (int n = 0; n < kLanes; ++n) integral[n] = half * (xi[n] + kTilt * zeta[n]);
  }
}

}  // namespace scorefield::sde
