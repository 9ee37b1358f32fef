#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.hpp"
#include "data/frame_cache.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Whether particles are brought into the order along the curve, or stay in place with the order beside them, so that a
/// particle can be found again in another frame.
enum class OrderKind { none, in_place, beside };

/// Brings a frame to normalised units, shuffles its particles, and orders its training and validation parts, the first
/// particles and the rest, along a Hilbert curve. The shuffle makes the order in the file free of meaning: particle
/// codes write by species and cell, so the last rows of their files are one corner of the population. It is the same in
/// every frame where particles keep their rows, and another one per frame elsewhere; what a problem of this program
/// made has no order, and stays as even as it is.
class PrepareFrame {
 public:
  PrepareFrame(const models::Normalizer& normalizer, const data::DatasetHeader& header, std::int64_t training_particles,
               OrderKind order, std::uint64_t seed);

  void operator()(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const;

 private:
  void shuffle(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const;
  void order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const;

  models::Normalizer normalizer_;
  std::int64_t particles_, frames_, training_particles_;
  OrderKind order_;
  bool shuffled_;
  std::uint64_t seed_;
  std::shared_ptr<const std::vector<std::int64_t>> common_;  ///< the shuffle of trajectories; null: one per frame
};

}  // namespace scorefield::training
