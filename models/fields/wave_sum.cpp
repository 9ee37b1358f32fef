#include "models/fields/wave_sum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace scorefield::models {
namespace {

/// Cells of a circle: a linear function is within 2e-6 of a sine there.
constexpr std::size_t kCells = 2048;
/// Positions that are treated side by side.
constexpr std::size_t kLanes = 64;
using Lanes = std::array<float, kLanes>;

struct Waves {
  Lanes re{}, im{};
};

/// a b, or a times the conjugate of b for sign = -1
Waves multiply(const Waves& a, const Waves& b, float sign) {
  Waves product;
  for (std::size_t l = 0; l < kLanes; ++l) {
    product.re[l] = a.re[l] * b.re[l] - sign * a.im[l] * b.im[l];
    product.im[l] = sign * a.re[l] * b.im[l] + a.im[l] * b.re[l];
  }
  return product;
}

/// x between 0 and 1, in units of the circle.
float wrapped(float x) {
  x -= static_cast<float>(static_cast<int>(x));
  return x < 0 ? x + 1 : x;
}

/// Powers 0 .. modes of every axis, [s][modes + 1].
using Powers = std::vector<Waves>;

/// The wave with these numbers of periods along the axes.
void wave_of(const Powers& powers, std::size_t per_axis, const std::array<std::int64_t, 3>& periods, Waves& wave) {
  bool begun = false;
  for (std::size_t a = 0; a < 3; ++a) {
    if (periods[a] == 0) continue;
    const Waves& power = powers[a * per_axis + static_cast<std::size_t>(std::abs(periods[a]))];
    const float sign = periods[a] < 0 ? -1.0f : 1.0f;
    if (begun) {
      wave = multiply(wave, power, sign);
    } else {
      wave.re = power.re;
      for (std::size_t l = 0; l < kLanes; ++l) wave.im[l] = sign * power.im[l];
    }
    begun = true;
  }
}

}  // namespace

WaveSum::WaveSum(const PositionBasis& basis) : basis_(basis) {
  for (std::size_t i = 0; i < kCells; ++i) {
    const double here = 2 * std::numbers::pi * static_cast<double>(i) / kCells;
    const double next = 2 * std::numbers::pi * static_cast<double>(i + 1) / kCells;
    cosine_.push_back({static_cast<float>(std::cos(here)), static_cast<float>(std::cos(next) - std::cos(here))});
    sine_.push_back({static_cast<float>(std::sin(here)), static_cast<float>(std::sin(next) - std::sin(here))});
  }
}

void WaveSum::add(std::span<const double> coefficients, float scale, std::span<const float> x,
                  std::span<float> out) const {
  const std::size_t s = basis_.dimension(), c = basis_.size(), per_axis = static_cast<std::size_t>(basis_.modes()) + 1;
  const std::vector<float> weight(coefficients.begin(), coefficients.end());
  Powers powers(s * per_axis);
  std::array<Lanes, 3> place{}, sum{};
  Waves wave;
  for (std::size_t first = 0; first < x.size() / s; first += kLanes) {
    const std::size_t count = std::min(kLanes, x.size() / s - first);
    for (std::size_t a = 0; a < s; ++a) {
      const auto& axis = basis_.axes()[a];
      Waves* const power = powers.data() + a * per_axis;
      for (std::size_t l = 0; l < count; ++l) {
        place[a][l] = (x[(first + l) * s + a] - static_cast<float>(axis.origin)) / static_cast<float>(axis.length);
        const float cells = static_cast<float>(kCells) * wrapped(place[a][l]);
        const auto cell = std::min(static_cast<std::size_t>(cells), kCells - 1);
        const float share = cells - static_cast<float>(cell);
        power[1].re[l] = cosine_[cell].base + share * cosine_[cell].slope;
        power[1].im[l] = sine_[cell].base + share * sine_[cell].slope;
      }
      for (std::size_t n = 2; n < per_axis; ++n) power[n] = multiply(power[n - 1], power[1], 1);
      sum[a].fill(weight[a * c]);
    }
    const auto& linear = basis_.linear_axes();
    for (std::size_t i = 0; i < linear.size(); ++i)
      for (std::size_t a = 0; a < s; ++a)
        for (std::size_t l = 0; l < kLanes; ++l) sum[a][l] += weight[a * c + 1 + i] * (place[linear[i]][l] - 0.5f);
    for (std::size_t w = 0; w < basis_.waves(); ++w) {
      wave_of(powers, per_axis, basis_.periods(w), wave);
      const float* const own = weight.data() + basis_.first_wave() + 2 * w;
      for (std::size_t a = 0; a < s; ++a)
        for (std::size_t l = 0; l < kLanes; ++l) sum[a][l] += own[a * c] * wave.re[l] + own[a * c + 1] * wave.im[l];
    }
    for (std::size_t a = 0; a < s; ++a)
      for (std::size_t l = 0; l < count; ++l) out[(first + l) * s + a] += scale * sum[a][l];
  }
}

}  // namespace scorefield::models
