#include "training/batch/prepare_frame.hpp"

#include <algorithm>
#include <span>

#include "core/random_subset.hpp"
#include "data/problems/problem.hpp"
#include "training/batch/random_streams.hpp"
#include "training/batch/space_filling.hpp"

namespace scorefield::training {
namespace {

/// Row p of a stretch of `values` that begins at row `first` becomes its row order[p].
void permute(std::vector<float>& values, std::size_t d, std::size_t first, std::span<const std::int64_t> order) {
  if (values.empty()) return;
  std::vector<float> permuted(order.size() * d);
  for (std::size_t p = 0; p < order.size(); ++p)
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((first + static_cast<std::size_t>(order[p])) * d), d,
                permuted.begin() + static_cast<std::ptrdiff_t>(p * d));
  std::copy(permuted.begin(), permuted.end(), values.begin() + static_cast<std::ptrdiff_t>(first * d));
}

}  // namespace

PrepareFrame::PrepareFrame(const models::Normalizer& normalizer, const data::DatasetHeader& header,
                           std::int64_t training_particles, OrderKind order, std::uint64_t seed)
    : normalizer_(normalizer),
      particles_(header.particles),
      frames_(header.frames()),
      training_particles_(training_particles),
      order_(order),
      shuffled_(!problems::made_by_a_problem(header)),
      seed_(seed) {
  if (shuffled_ && header.identity == data::Identity::trajectories)
    common_ = std::make_shared<const std::vector<std::int64_t>>(
        random_subset(particles_, particles_, derive_seed(seed, kShuffleStream, 0)));
}

void PrepareFrame::shuffle(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  std::vector<std::int64_t> own;
  if (!common_) {
    const auto index = static_cast<std::uint64_t>(1 + mu_index * frames_ + frame_index);
    own = random_subset(particles_, particles_, derive_seed(seed_, kShuffleStream, index));
  }
  const auto& order = common_ ? *common_ : own;
  permute(frame.samples, d, 0, order);
  permute(frame.velocities, d, 0, order);
}

void PrepareFrame::operator()(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const {
  if (shuffled_) shuffle(frame, mu_index, frame_index);
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  for (std::size_t c = 0; c < d; ++c) {
    const double center = normalizer_.center[c], factor = 1 / normalizer_.scale[c];
    for (std::size_t i = c; i < frame.samples.size(); i += d)
      frame.samples[i] = static_cast<float>((frame.samples[i] - center) * factor);
    for (std::size_t i = c; i < frame.velocities.size(); i += d)
      frame.velocities[i] = static_cast<float>(frame.velocities[i] * (normalizer_.time_span * factor));
  }
  if (order_ == OrderKind::none) return;
  const auto count = static_cast<std::int64_t>(frame.samples.size() / d);
  order_range(frame, 0, training_particles_);
  order_range(frame, training_particles_, count - training_particles_);
}

void PrepareFrame::order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  const auto start = static_cast<std::size_t>(first) * d, size = static_cast<std::size_t>(count) * d;
  const auto order = hilbert_order(std::span<const float>(frame.samples).subspan(start, size), normalizer_.dimension());
  if (order_ == OrderKind::beside) {
    for (const std::int64_t at : order) frame.order.push_back(static_cast<std::int32_t>(first + at));
    return;
  }
  permute(frame.velocities, d, static_cast<std::size_t>(first), order);
  permute(frame.samples, d, static_cast<std::size_t>(first), order);
}

}  // namespace scorefield::training
