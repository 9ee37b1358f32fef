#pragma once

#include <cstdint>
#include <vector>

#include "data/frame_cache.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Whether particles are brought into the order along the curve, or stay in place with the order beside them, so that a
/// particle can be found again in another frame.
enum class OrderKind { none, in_place, beside };

/// Brings a frame to normalised units, and orders its training and validation parts along a Hilbert curve.
class PrepareFrame {
 public:
  PrepareFrame(const models::Normalizer& normalizer, std::int64_t training_particles, OrderKind order)
      : normalizer_(normalizer), training_particles_(training_particles), order_(order) {}

  void operator()(data::Frame& frame) const;

 private:
  void order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const;

  models::Normalizer normalizer_;
  std::int64_t training_particles_;
  OrderKind order_;
};

}  // namespace scorefield::training
