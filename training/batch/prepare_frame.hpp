#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.hpp"
#include "data/frame_cache.hpp"
#include "data/frame_table.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Brings a frame to normalised units, shuffles its particles, and, where `ordered`, orders its training and validation
/// parts, the first particles and the rest, along a Hilbert curve. The shuffle makes the order in the file free of
/// meaning: particle codes write by species and cell, so the last rows of their files are one corner of the population.
/// It is the same in every frame where particles keep their rows, and another one per frame elsewhere; what a problem
/// of this program made has no order, and stays as even as it is, unless its identities are to be ignored. Where ids
/// tell which particle is which, random numbers of the ids decide the order, and which particles validate: the same
/// ones in every frame that has them. Weights are summed up in the final order, each part by itself.
class PrepareFrame {
 public:
  PrepareFrame(const models::Normalizer& normalizer, const data::DatasetHeader& header, double validation_fraction,
               bool ordered, std::uint64_t seed);

  void operator()(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const;

 private:
  void shuffle(data::Frame& frame, std::int64_t mu_index, std::int64_t frame_index) const;
  void order_by_id(data::Frame& frame) const;
  void normalise(data::Frame& frame) const;
  void order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const;
  static void sum_weights(data::Frame& frame);

  models::Normalizer normalizer_;
  data::FrameTable table_;
  double validation_fraction_;
  bool trajectories_, alike_;
  bool ordered_;
  bool shuffled_;
  std::uint64_t seed_;
  std::shared_ptr<const std::vector<std::int64_t>> common_;  ///< the shuffle of trajectories in frames that are alike
};

}  // namespace scorefield::training
