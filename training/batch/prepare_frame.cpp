#include "training/batch/prepare_frame.hpp"

#include <algorithm>
#include <span>

#include "training/batch/space_filling.hpp"

namespace scorefield::training {

void PrepareFrame::operator()(data::Frame& frame) const {
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
  const auto permute = [&](std::vector<float>& values) {
    if (values.empty()) return;
    std::vector<float> sorted(size);
    for (std::size_t p = 0; p < order.size(); ++p)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(start + static_cast<std::size_t>(order[p]) * d), d,
                  sorted.begin() + static_cast<std::ptrdiff_t>(p * d));
    std::copy(sorted.begin(), sorted.end(), values.begin() + static_cast<std::ptrdiff_t>(start));
  };
  permute(frame.velocities);
  permute(frame.samples);
}

}  // namespace scorefield::training
