#include "solvers/sampling/frames.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <utility>

#include "solvers/sampling/rows.hpp"

namespace scorefield::sampling {

using torch::Tensor;

void keep_frame(Frames& frames, std::int64_t wanted, std::int64_t iteration, const Sampler& sampler) {
  if (wanted == 0) return;
  auto& kept = frames.iterations;
  const std::int64_t stride = kept.size() > 1 ? kept[1] - kept[0] : 1;
  if (!kept.empty() && iteration < kept.back() + stride) return;
  kept.push_back(iteration);
  frames.clouds.push_back(sampler.particles().detach().to(torch::kCPU, torch::kFloat64).clone());
  if (static_cast<std::int64_t>(kept.size()) <= 2 * wanted) return;
  Frames thinned;
  for (std::size_t k = 0; k < kept.size(); k += 2) {
    thinned.iterations.push_back(kept[k]);
    thinned.clouds.push_back(frames.clouds[k]);
  }
  frames = std::move(thinned);
}

Frames choose_frames(Frames frames, std::int64_t wanted, std::int64_t iteration, const Tensor& last) {
  if (frames.iterations.empty()) return {};
  if (frames.iterations.back() != iteration) {
    frames.iterations.push_back(iteration);
    frames.clouds.push_back(last);
  }
  const auto have = static_cast<std::int64_t>(frames.iterations.size());
  if (have <= wanted) return frames;
  Frames chosen;
  for (std::int64_t k = 0; k < wanted; ++k) {
    const auto at = static_cast<std::size_t>(wanted > 1 ? k * (have - 1) / (wanted - 1) : have - 1);
    chosen.iterations.push_back(frames.iterations[at]);
    chosen.clouds.push_back(frames.clouds[at]);
  }
  return chosen;
}

DensityGrid density_grid(const targets::Target& target, const Tensor& samples) {
  constexpr std::int64_t kPoints = 101;
  if (samples.size(1) != 2 || !target.has_log_density()) return {};
  DensityGrid grid;
  for (std::int64_t a = 0; a < 2; ++a) {
    const auto x = samples.select(1, a);
    const double low = x.min().item<double>(), high = x.max().item<double>(), margin = 0.15 * (high - low) + 1e-9;
    grid.axis[a] = torch::linspace(low - margin, high + margin, kPoints, torch::kFloat64);
  }
  const auto points = torch::stack({grid.axis[0].unsqueeze(1).expand({kPoints, kPoints}).reshape(-1),
                                    grid.axis[1].unsqueeze(0).expand({kPoints, kPoints}).reshape(-1)},
                                   1);
  grid.log_prob = target.log_density(points).detach().to(torch::kCPU, torch::kFloat64).view({kPoints, kPoints});
  return grid;
}

void exchange(StateArchive& archive, Frames& frames, at::IntArrayRef particles, std::int64_t iteration) {
  archive.array("iterations", {StateArchive::kAny}, frames.iterations);
  auto& kept = frames.iterations;
  const bool rising = std::adjacent_find(kept.begin(), kept.end(), std::greater_equal<>()) == kept.end();
  archive.require(rising && (kept.empty() || (kept.front() >= 0 && kept.back() <= iteration)), "iterations",
                  "rising from 0 on to at most " + std::to_string(iteration));
  std::vector<double> positions;
  for (const auto& cloud : frames.clouds)
    positions.insert(positions.end(), cloud.const_data_ptr<double>(), cloud.const_data_ptr<double>() + cloud.numel());
  const auto count = static_cast<std::int64_t>(kept.size());
  archive.array("positions", {count, particles[0], particles[1]}, positions);
  if (!archive.restoring() || count == 0) return;
  frames.clouds = tensor_of(positions, {count, particles[0], particles[1]}).unbind(0);
}

}  // namespace scorefield::sampling
