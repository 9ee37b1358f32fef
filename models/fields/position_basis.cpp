#include "models/fields/position_basis.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>

#include "core/error.hpp"

namespace scorefield::models {
namespace {

using Complex = std::complex<double>;
/// Beyond so many waves along an axis there is no use for a smooth force.
constexpr std::int64_t kMostModes = 64;

/// Of n and -n the one whose first number that is not 0 is positive.
bool is_chosen(const std::array<std::int64_t, 3>& n) {
  for (const auto number : n)
    if (number != 0) return number > 0;
  return false;
}

}  // namespace

PositionBasis::PositionBasis(std::vector<PositionAxis> axes, std::int64_t modes)
    : axes_(std::move(axes)), modes_(modes) {
  if (axes_.empty() || axes_.size() > 3 || modes < 1 || modes > kMostModes)
    throw Error("a basis of positions takes one to three of them and 1 to 64 modes");
  std::array<std::int64_t, 3> most{};
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    if (!(axes_[a].length > 0)) throw Error("a basis of positions needs positive lengths");
    if (!axes_[a].periodic) linear_.push_back(a);
    most[a] = modes;
  }
  for (std::int64_t i = 0; i <= most[0]; ++i)
    for (std::int64_t j = -most[1]; j <= most[1]; ++j)
      for (std::int64_t k = -most[2]; k <= most[2]; ++k)
        if (is_chosen({i, j, k}) && i * i + j * j + k * k <= modes * modes) waves_.push_back({i, j, k});
  std::stable_sort(waves_.begin(), waves_.end(), [](const auto& a, const auto& b) {
    return a[0] * a[0] + a[1] * a[1] + a[2] * a[2] < b[0] * b[0] + b[1] * b[1] + b[2] * b[2];
  });
}

std::vector<double> PositionBasis::wave(std::size_t w) const {
  std::vector<double> k;
  for (std::size_t a = 0; a < axes_.size(); ++a)
    k.push_back(2 * std::numbers::pi * static_cast<double>(waves_[w][a]) / axes_[a].length);
  return k;
}

void PositionBasis::values(std::span<const double> x, std::span<double> phi) const {
  std::array<std::array<Complex, kMostModes + 1>, 3> powers;
  for (std::size_t a = 0; a < 3; ++a) {
    powers[a][0] = 1;
    if (a >= axes_.size()) continue;
    const double angle = 2 * std::numbers::pi * (x[a] - axes_[a].origin) / axes_[a].length;
    const Complex first(std::cos(angle), std::sin(angle));
    for (std::int64_t n = 1; n <= modes_; ++n)
      powers[a][static_cast<std::size_t>(n)] = powers[a][static_cast<std::size_t>(n - 1)] * first;
  }
  phi[0] = 1;
  for (std::size_t i = 0; i < linear_.size(); ++i) {
    const auto& axis = axes_[linear_[i]];
    phi[1 + i] = (x[linear_[i]] - axis.origin) / axis.length - 0.5;
  }
  double* out = phi.data() + first_wave();
  for (const auto& n : waves_) {
    Complex wave = powers[0][static_cast<std::size_t>(n[0])];
    for (std::size_t a = 1; a < axes_.size(); ++a) {
      const auto power = powers[a][static_cast<std::size_t>(std::abs(n[a]))];
      wave *= n[a] < 0 ? std::conj(power) : power;
    }
    *out++ = wave.real();
    *out++ = wave.imag();
  }
}

void PositionBasis::values(std::span<const double> x, std::span<double> phi, std::span<double> slopes) const {
  values(x, phi);
  std::fill(slopes.begin(), slopes.end(), 0.0);
  const std::size_t count = size();
  for (std::size_t i = 0; i < linear_.size(); ++i) slopes[linear_[i] * count + 1 + i] = 1 / axes_[linear_[i]].length;
  for (std::size_t w = 0; w < waves_.size(); ++w) {
    const std::size_t at = first_wave() + 2 * w;
    for (std::size_t a = 0; a < axes_.size(); ++a) {
      const double k = 2 * std::numbers::pi * static_cast<double>(waves_[w][a]) / axes_[a].length;
      slopes[a * count + at] = -k * phi[at + 1];
      slopes[a * count + at + 1] = k * phi[at];
    }
  }
}

}  // namespace scorefield::models
