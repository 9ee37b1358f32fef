// Batches of losses that learn the distribution at every (mu, t) by regression on noise: denoising score matching,
// noise-conditional score networks, conditional flow matching.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "training/batch.hpp"
#include "training/noise_levels.hpp"
#include "training/random_streams.hpp"

namespace scorefield::training {

/// The velocity form with another target y: sum over groups of mean [ |grad s|^2/2 - y.grad s ], least where grad s is
/// the gradient field nearest to E[y | x]. Groups are those of the velocity form; conditional models also get a level
/// each, evenly spread over [-1, 1].
std::vector<BatchSource::Group> BatchSource::noise_groups(std::uint64_t step_seed) const {
  auto groups = velocity_groups(step_seed);
  double level = uniform(step_seed, kLevelStream, 0);
  for (auto& group : groups) {
    const auto& times = times_[static_cast<std::size_t>(group.mu_index)];
    const auto k = std::lower_bound(times.time.begin(), times.time.end(), group.time) - times.time.begin();
    group.frame = group.anchor = times.frame[static_cast<std::size_t>(k)];
    if (!is_conditional(config_.loss.kind)) continue;
    level += std::numbers::phi - 1;  // the golden ratio: any number of levels lies evenly
    level -= std::floor(level);
    group.level = 2 * level - 1;
  }
  return groups;
}

/// x -> noisy x and target, with xi a standard normal (twice, with both signs; the odd part of the noise cancels):
///   dsm, ncsm  x + sigma xi, target -xi/sigma (dsm: grad s is the score) or -xi (ncsm: the score is grad s / sigma);
///   cfm        (1 - tau) x_0 + tau x, target x - x_0, x_0 = xi, uniform on periodic coordinates, where x - x_0 is the
///   short way.
void BatchSource::add_noise(const Group& group, std::uint64_t group_seed, float* x, float* target) const {
  const std::int64_t d = header().dimension(), count = config_.batch.particles, different = (count + 1) / 2;
  const Philox random(group_seed, kNoiseStream);
  const bool flow = config_.loss.kind == LossKind::cfm;
  const double sigma =
      config_.loss.kind == LossKind::ncsm ? noise_of_level(config_.loss, group.level) : config_.loss.noise;
  const double target_scale = config_.loss.kind == LossKind::dsm ? 1 / sigma : 1;
  const double tau = (1 + group.level) / 2;
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t c = 0; c < d; ++c, ++x, ++target) {
      const auto number = static_cast<std::uint64_t>((n % different) * d + c);
      const double sign = n < different ? 1 : -1;
      const double period = normalizer_.periods[static_cast<std::size_t>(c)] > 0 ? normalizer_.normalized_period(c) : 0;
      if (!flow) {
        const double xi = sign * random.normals(number)[0];
        *x = static_cast<float>(*x + sigma * xi);
        *target = static_cast<float>(-xi * target_scale);
        continue;
      }
      const double u = random.uniforms(number)[0];
      const double source = period > 0 ? period * (sign > 0 ? u : 1 - u) : sign * random.normals(number)[0];
      double way = *x - source;
      if (period > 0) way -= period * std::round(way / period);
      *x = static_cast<float>(source + tau * way);
      *target = static_cast<float>(way);
    }
}

}  // namespace scorefield::training
