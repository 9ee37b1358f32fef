// Batches of pairs of frames (DICE, arXiv 2507.05107), and how particles of a given frame are chosen.

#include <algorithm>

#include "training/batch.hpp"
#include "training/random_streams.hpp"

namespace scorefield::training {

/// For the two ends a < b of a pair, with T = t_b - t_a, the group sums give
///   1/2 (K_a + K_b) - 1/(2T) [ mean_b s_a - mean_a s_a + mean_b s_b - mean_a s_b ],   K = mean |grad s|^2/2 +
///   sigma^2/2 lap s.
/// A pair is the one that holds a random time, one time from each of `nodes` equal parts of [0, 1]: its probability is
/// T, so the mean is unbiased for the sum over pairs of the trapezoid rule minus the differences, whatever the spacing.
/// With loss.stride = n the frames are cut into runs of n intervals, from a random offset.
std::vector<BatchSource::Group> BatchSource::pair_groups(std::uint64_t step_seed) const {
  const auto mu = choose_mu(step_seed);
  const std::int64_t nodes = config_.batch.nodes, stride = config_.loss.stride;
  const bool follow = header().identity == data::Identity::trajectories;
  const double scale = 0.5 / static_cast<double>(config_.batch.mu * nodes * config_.batch.particles);
  std::vector<Group> groups;
  std::int64_t pair = 0;
  for (std::size_t m = 0; m < mu.size(); ++m)
    for (std::int64_t q = 0; q < nodes; ++q, ++pair) {
      const auto& times = times_[static_cast<std::size_t>(mu[m])];
      const auto last = static_cast<std::int64_t>(times.time.size()) - 1;
      const double t = node_time(step_seed, m, q);
      const auto interval = std::clamp<std::int64_t>(
          std::upper_bound(times.time.begin(), times.time.end(), t) - times.time.begin() - 1, 0, last - 1);
      const auto offset =
          static_cast<std::int64_t>(Philox(step_seed, kOffsetStream)
                                        .integer(static_cast<std::uint64_t>(pair), static_cast<std::uint64_t>(stride)));
      const std::int64_t start = interval - (interval + offset) % stride;
      const auto a = static_cast<std::size_t>(std::max<std::int64_t>(start, 0));
      const auto b = static_cast<std::size_t>(std::min(start + stride, last));
      const double rate = 1 / (times.time[b] - times.time[a]);
      const auto add = [&](std::size_t at, std::size_t samples, bool kinetic, double potential) {
        Group group{.mu_index = mu[m], .time = times.time[at]};
        group.terms = {.kinetic = kinetic ? 1.0 : 0.0, .potential = potential, .scale = scale};
        group.frame = times.frame[samples];
        group.anchor = follow ? times.frame[a] : group.frame;
        group.shared = pair;
        groups.push_back(group);
      };
      add(a, a, true, rate);
      add(a, b, false, -rate);
      add(b, b, true, -rate);
      add(b, a, false, rate);
    }
  return groups;
}

/// Particles of one frame, chosen at random or from equal runs of the order of the frame `anchor`. Losses that add
/// noise take every particle twice, once with each sign of the noise.
void BatchSource::draw_frame(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity) {
  const auto d = static_cast<std::size_t>(header().dimension());
  const auto [start, available] = particles_of(subset);
  const bool stratified = config_.batch.sampling == SamplingKind::stratified;
  const std::int64_t count = config_.batch.particles;
  const std::int64_t different = learns_distribution(config_.loss.kind) ? (count + 1) / 2 : count;
  const Philox random(group_seed, kParticleStream);
  const auto anchor = frames_->get(group.mu_index, group.anchor), frame = frames_->get(group.mu_index, group.frame);
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t i = n % different;
    const double u = random.uniforms(static_cast<std::uint64_t>(i))[0];
    const double position = stratified ? (static_cast<double>(i) + u) / static_cast<double>(different) : u;
    const auto run = std::min(available - 1, static_cast<std::int64_t>(position * static_cast<double>(available)));
    const auto at = static_cast<std::size_t>(start + run);
    const auto particle = anchor->order.empty() ? at : static_cast<std::size_t>(anchor->order[at]);
    x = std::copy_n(frame->samples.begin() + static_cast<std::ptrdiff_t>(particle * d), d, x);
    if (velocity)
      velocity = std::copy_n(frame->velocities.begin() + static_cast<std::ptrdiff_t>(particle * d), d, velocity);
  }
}

}  // namespace scorefield::training
