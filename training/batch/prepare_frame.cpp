#include "training/batch/prepare_frame.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/random_subset.hpp"
#include "data/problems/problem.hpp"
#include "training/batch/random_streams.hpp"
#include "training/batch/space_filling.hpp"

namespace scorefield::training {
namespace {

/// Row p of a stretch of `values` that begins at row `first` becomes its row order[p].
template <class T>
void permute(std::vector<T>& values, std::size_t d, std::size_t first, std::span<const std::int64_t> order) {
  if (values.empty()) return;
  std::vector<T> permuted(order.size() * d);
  for (std::size_t p = 0; p < order.size(); ++p)
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((first + static_cast<std::size_t>(order[p])) * d), d,
                permuted.begin() + static_cast<std::ptrdiff_t>(p * d));
  std::copy(permuted.begin(), permuted.end(), values.begin() + static_cast<std::ptrdiff_t>(first * d));
}

/// Everything that a particle has.
void permute(data::Frame& frame, std::size_t d, std::size_t first, std::span<const std::int64_t> order) {
  permute(frame.samples, d, first, order);
  permute(frame.velocities, d, first, order);
  permute(frame.weights, 1, first, order);
}

/// Particles that are trained on: all but a share, and at least one, for validation.
std::int64_t count_training(std::int64_t all, double validation_fraction) {
  return all - std::max<std::int64_t>(
                   1, static_cast<std::int64_t>(std::ceil(validation_fraction * static_cast<double>(all))));
}

}  // namespace

PrepareFrame::PrepareFrame(const models::Normalizer& normalizer, const data::DatasetHeader& header,
                           double validation_fraction, bool ordered, std::uint64_t seed)
    : normalizer_(normalizer),
      table_(header),
      validation_fraction_(validation_fraction),
      trajectories_(header.identity == data::Identity::trajectories),
      alike_(!header.ragged()),
      ordered_(ordered),
      shuffled_(!problems::made_by_a_problem(header) || header.identity_ignored),
      seed_(seed) {
  if (shuffled_ && trajectories_ && alike_)
    common_ = std::make_shared<const std::vector<std::int64_t>>(
        random_subset(header.particles, header.particles, derive_seed(seed, kShuffleStream, 0)));
}

void PrepareFrame::shuffle(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  if (common_) return permute(frame, d, 0, *common_);
  const auto particles = static_cast<std::int64_t>(frame.samples.size() / d);
  const auto index = static_cast<std::uint64_t>(1 + table_.index(mu_index, trajectories_ ? 0 : frame_index));
  permute(frame, d, 0, random_subset(particles, particles, derive_seed(seed_, kShuffleStream, index)));
}

void PrepareFrame::order_by_id(data::Frame& frame) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  std::vector<std::pair<double, std::int64_t>> drawn;  // (number of the id, row)
  for (std::size_t n = 0; n < frame.id.size(); ++n)
    drawn.emplace_back(uniform(seed_, kIdStream, static_cast<std::uint64_t>(frame.id[n])),
                       static_cast<std::int64_t>(n));
  std::sort(drawn.begin(), drawn.end());
  std::vector<std::int64_t> order;
  for (const auto& [number, row] : drawn) order.push_back(row);
  permute(frame, d, 0, order);
  const auto last = std::lower_bound(drawn.begin(), drawn.end(), std::pair(1 - validation_fraction_, std::int64_t{0}));
  const auto count = static_cast<std::int64_t>(drawn.size());
  frame.first_part = std::clamp<std::int64_t>(last - drawn.begin(), 1, std::max<std::int64_t>(1, count - 1));
  frame.id = {};
}

void PrepareFrame::normalise(data::Frame& frame) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  for (std::size_t c = 0; c < d; ++c) {
    const double center = normalizer_.center[c], factor = 1 / normalizer_.scale[c];
    for (std::size_t i = c; i < frame.samples.size(); i += d)
      frame.samples[i] = static_cast<float>((frame.samples[i] - center) * factor);
    for (std::size_t i = c; i < frame.velocities.size(); i += d)
      frame.velocities[i] = static_cast<float>(frame.velocities[i] * (normalizer_.time_span * factor));
  }
}

void PrepareFrame::operator()(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  const auto count = static_cast<std::int64_t>(frame.samples.size() / d);
  frame.first_part = count_training(count, validation_fraction_);
  if (!frame.id.empty()) order_by_id(frame);
  else if (shuffled_) shuffle(frame, mu_index, frame_index);
  normalise(frame);
  if (ordered_) {
    order_range(frame, 0, frame.first_part);
    order_range(frame, frame.first_part, count - frame.first_part);
  }
  sum_weights(frame);
}

void PrepareFrame::order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const {
  const auto d = static_cast<std::size_t>(normalizer_.dimension());
  const auto start = static_cast<std::size_t>(first) * d, size = static_cast<std::size_t>(count) * d;
  const auto order = hilbert_order(std::span<const float>(frame.samples).subspan(start, size), normalizer_.dimension());
  permute(frame, d, static_cast<std::size_t>(first), order);
}

void PrepareFrame::sum_weights(data::Frame& frame) {
  double sum = 0;
  for (std::size_t i = 0; i < frame.weights.size(); ++i) {
    if (i == static_cast<std::size_t>(frame.first_part)) sum = 0;
    sum += frame.weights[i];
    frame.summed.push_back(sum);
  }
  frame.weights = {};
}

}  // namespace scorefield::training
