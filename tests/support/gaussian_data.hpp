#pragma once

#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "tests/support/tensor_values.hpp"

namespace scorefield::test {

/// A moving, spreading Gaussian in two dimensions, rho_t = N(m(t), S(t)^2 I) with m = (mu t, -t/2) and S = .5 + .4 t,
/// t in [0, 1]; particle i follows x_i(t) = m(t) + S(t) z_i. Everything about it is known in closed form.
struct GaussianCase {
  static double spread(double t) { return 0.5 + 0.4 * t; }
  static constexpr double kSpreadRate = 0.4;

  /// The gradient field that moves it when dX = b dt + sigma dW: b = m' + (S'/S - sigma^2/(2 S^2)) (x - m).
  static torch::Tensor drift(const torch::Tensor& x, double mu, double t, double sigma) {
    const auto mean = torch::tensor({mu * t, -0.5 * t}, x.options());
    const auto velocity = torch::tensor({mu, -0.5}, x.options());
    const double s = spread(t);
    return velocity + (kSpreadRate / s - sigma * sigma / (2 * s * s)) * (x - mean);
  }

  /// Its potential. x: [G, N, 2], mu: [G, 1], t: [G] -> [G, N].
  static torch::Tensor potential(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t,
                                 double sigma) {
    const auto velocity = torch::cat({mu, torch::full_like(mu, -0.5)}, 1);
    const auto centered = x - (velocity * t.unsqueeze(1)).unsqueeze(1);
    const auto s = 0.5 + kSpreadRate * t;
    const auto stretch = kSpreadRate / s - sigma * sigma / (2 * s * s);
    return (centered * velocity.unsqueeze(1)).sum(-1) + stretch.unsqueeze(1) * centered.square().sum(-1) / 2;
  }

  /// -1/2 int E|b|^2 dt at one mu, by a fine midpoint rule: the least value of every loss.
  static double least_loss(double mu, double sigma) {
    double sum = 0;
    constexpr int n = 2000;
    for (int i = 0; i < n; ++i) {
      const double s = spread((i + 0.5) / n);
      const double stretch = kSpreadRate / s - sigma * sigma / (2 * s * s);
      sum += mu * mu + 0.25 + 2 * s * s * stretch * stretch;
    }
    return -0.5 * sum / n;
  }

  static double quantile(double u) { return torch::special_ndtri(torch::tensor(u, torch::kFloat64)).item<double>(); }
};

/// Writes the Gaussian's trajectories at every mu: N low-discrepancy particles (others with
/// another `start`), K equally spaced times.
inline void write_gaussian_dataset(const std::string& path, const std::vector<double>& mus,
                                   std::int64_t particles = 4000, std::int64_t frames = 33, double start = 0.5) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  for (const double mu : mus) header.mu.push_back({mu});
  for (std::int64_t k = 0; k < frames; ++k)
    header.time.push_back(static_cast<double>(k) / static_cast<double>(frames - 1));
  header.time_units = "1";
  header.particles = particles;
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.has_velocities = true;
  const auto index = torch::arange(particles, torch::kFloat64);
  // The R2 sequence: additive recurrence with the plastic number, quiet in every prefix.
  const auto fraction = [](const torch::Tensor& value) { return value - value.floor(); };
  const auto u =
      torch::stack({fraction(start + index * 0.7548776662466927), fraction(start + index * 0.5698402909980532)}, 1);
  const auto z = torch::special_ndtri(u.clamp(1e-6, 1 - 1e-6));
  data::DatasetWriter writer(path, header);
  for (std::size_t m = 0; m < mus.size(); ++m)
    for (std::int64_t k = 0; k < frames; ++k) {
      const double t = header.time[static_cast<std::size_t>(k)];
      const auto velocity = torch::tensor({mus[m], -0.5}, torch::kFloat64);
      const auto x = (velocity * t + GaussianCase::spread(t) * z).to(torch::kFloat32).contiguous();
      const auto v = (velocity + GaussianCase::kSpreadRate * z).to(torch::kFloat32).contiguous();
      writer.write_frame(static_cast<std::int64_t>(m), k, values_of(x), values_of(v));
    }
  writer.commit();
}

/// Normalised units equal to physical ones, so that closed forms can be compared directly.
inline models::Normalizer identity_normalizer() {
  models::Normalizer normalizer;
  normalizer.center = {0, 0};
  normalizer.scale = {1, 1};
  normalizer.periods = {0, 0};
  normalizer.mu_center = {0};
  normalizer.mu_scale = {1};
  return normalizer;
}

}  // namespace scorefield::test
