#pragma once

#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.hpp"
#include "tests/support/gaussian_data.hpp"

namespace scorefield::test {

/// What differs between the frames of a file of GaussianCase.
struct RaggedCase {
  std::vector<double> mu{};
  std::vector<std::vector<double>> times{};  ///< of each mu
  bool gaps = true;                          ///< every frame lacks other particles than its neighbours
  bool ids = false;
  bool permuted = false;   ///< the rows of every frame are in another order
  bool weighted = false;   ///< particles about kShift (in units of S) off the mean, whose weights make up for it
  bool velocities = true;  ///< stored
  bool followed = false;   ///< identity: trajectories
  std::int64_t particles = 4000;
};

inline constexpr double kShift[2] = {0.6, -0.4};

/// Whether particle i is there at frame k.
inline bool present(const RaggedCase& of, std::int64_t i, std::int64_t k) {
  return !of.gaps || ((i + k) % 7 != 0 && i < of.particles - 20 * k);
}

/// Particles of a frame, in the order of its rows.
inline std::vector<std::int64_t> rows_of(const RaggedCase& of, std::int64_t k) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < of.particles; ++i)
    if (present(of, i, k)) rows.push_back(i);
  const auto n = static_cast<std::int64_t>(rows.size());
  if (!of.permuted) return rows;
  std::vector<std::int64_t> permuted;  // from another place on, backwards in every other frame
  for (std::int64_t j = 0; j < n; ++j) {
    const std::int64_t from = (j + 577 * (k + 1)) % n;
    permuted.push_back(rows[static_cast<std::size_t>(k % 2 == 0 ? from : n - 1 - from)]);
  }
  return permuted;
}

/// Standard normals, quiet in every prefix; [N, 2].
inline torch::Tensor quiet_normals(std::int64_t particles) {
  const auto index = torch::arange(particles, torch::kFloat64);
  const auto fraction = [](const torch::Tensor& value) { return value - value.floor(); };
  const auto u =
      torch::stack({fraction(0.5 + index * 0.7548776662466927), fraction(0.5 + index * 0.5698402909980532)}, 1);
  return torch::special_ndtri(u.clamp(1e-6, 1 - 1e-6));
}

/// The GaussianCase in the layout of frames that differ. Particle i has the id 100 + 3 i.
inline void write_ragged_gaussian(const std::string& path, const RaggedCase& of) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  header.time_units = "1";
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.has_velocities = of.velocities;
  header.has_weights = of.weighted;
  header.has_id = of.ids;
  header.identity = of.followed ? data::Identity::trajectories : data::Identity::marginals;
  for (std::size_t m = 0; m < of.mu.size(); ++m) {
    header.mu.push_back({of.mu[m]});
    auto& run = header.runs.emplace_back(data::DatasetHeader::Run{of.times[m], {}});
    for (std::size_t k = 0; k < run.time.size(); ++k)
      run.particles.push_back(static_cast<std::int64_t>(rows_of(of, static_cast<std::int64_t>(k)).size()));
  }
  auto z = quiet_normals(of.particles);
  if (of.weighted) z = z + torch::tensor({kShift[0], kShift[1]}, torch::kFloat64);
  const auto numbers = z.accessor<double, 2>();
  data::DatasetWriter writer(path, header);
  for (std::size_t m = 0; m < of.mu.size(); ++m)
    for (std::size_t k = 0; k < of.times[m].size(); ++k) {
      const double t = of.times[m][k], velocity[2] = {of.mu[m], -0.5};
      std::vector<float> x, v, weights;
      std::vector<std::int64_t> id;
      for (const std::int64_t i : rows_of(of, static_cast<std::int64_t>(k))) {
        for (int c = 0; c < 2; ++c) {
          x.push_back(static_cast<float>(velocity[c] * t + GaussianCase::spread(t) * numbers[i][c]));
          if (of.velocities) v.push_back(static_cast<float>(velocity[c] + GaussianCase::kSpreadRate * numbers[i][c]));
        }
        const double exponent = numbers[i][0] * kShift[0] + numbers[i][1] * kShift[1];
        if (of.weighted) weights.push_back(static_cast<float>(1e9 * std::exp(-exponent)));  // N(0, I) over N(kShift, I)
        if (of.ids) id.push_back(100 + 3 * i);
      }
      writer.write_frame(static_cast<std::int64_t>(m), static_cast<std::int64_t>(k), x, v, weights, id);
    }
  writer.commit();
}

/// The GaussianCase in particles that never move, about (.6, -.25) with the deviation 1.3: their weights are the
/// density at every time, and without them there is nothing to see.
inline void write_moving_weights(const std::string& path, const std::vector<double>& mu, bool weighted) {
  constexpr std::int64_t kParticles = 8000, kFrames = 17;
  constexpr double kCentre[2] = {0.6, -0.25}, kWidth = 1.3;
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  for (const double value : mu) header.mu.push_back({value});
  for (std::int64_t k = 0; k < kFrames; ++k) header.time.push_back(static_cast<double>(k) / (kFrames - 1));
  header.time_units = "1";
  header.particles = kParticles;
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.identity = data::Identity::marginals;
  header.has_weights = weighted;
  const auto z = quiet_normals(kParticles);
  const auto numbers = z.accessor<double, 2>();
  data::DatasetWriter writer(path, header);
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < kFrames; ++k) {
      const double t = header.time[static_cast<std::size_t>(k)];
      const double mean[2] = {mu[static_cast<std::size_t>(m)] * t, -0.5 * t};
      std::vector<float> x, weights;
      for (std::int64_t i = 0; i < kParticles; ++i) {
        double exponent = 0;
        for (int c = 0; c < 2; ++c) {
          const double value = kCentre[c] + kWidth * numbers[i][c];
          x.push_back(static_cast<float>(value));
          exponent += std::pow(numbers[i][c], 2) / 2 - std::pow((value - mean[c]) / GaussianCase::spread(t), 2) / 2;
        }
        if (weighted) weights.push_back(static_cast<float>(std::exp(exponent)));
      }
      writer.write_frame(m, k, x, {}, weights);
    }
  writer.commit();
}

/// `count` equally spaced times.
inline std::vector<double> even_times(double first, double last, std::int64_t count) {
  std::vector<double> times;
  for (std::int64_t k = 0; k < count; ++k)
    times.push_back(first + (last - first) * static_cast<double>(k) / static_cast<double>(count - 1));
  return times;
}

}  // namespace scorefield::test
