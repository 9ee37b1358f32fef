#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

struct DatasetHeader;

/// Where the particles of each frame lie in the arrays of a dataset, in either layout.
class FrameTable {
 public:
  FrameTable() = default;
  explicit FrameTable(const DatasetHeader& header);

  /// A part of an array.
  struct Block {
    h5::Dims offset, count;
  };

  /// F, of all mu.
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(places_.size()); }
  [[nodiscard]] bool contains(std::int64_t mu_index, std::int64_t frame) const;
  /// Number of a frame: those of one mu follow one another, in the order of mu.
  [[nodiscard]] std::int64_t index(std::int64_t mu_index, std::int64_t frame) const;
  /// (mu, time) of a frame.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> place(std::int64_t index) const;
  [[nodiscard]] std::int64_t particles(std::int64_t index) const;
  /// The first row of every frame among those of all, and their number, [F + 1].
  [[nodiscard]] const std::vector<std::int64_t>& starts() const { return starts_; }

  /// Shape of an array of `width` values a particle, one block per frame: [M, K, N, width] or [S, width], without the
  /// last axis for width 0.
  [[nodiscard]] h5::Dims shape(std::int64_t width) const;
  [[nodiscard]] Block block(std::int64_t mu_index, std::int64_t frame, std::int64_t width) const;

 private:
  h5::Dims dense_;                                             ///< [M, K, N]; empty where frames differ
  std::vector<std::pair<std::int64_t, std::int64_t>> places_;  ///< [F]
  std::vector<std::int64_t> first_;                            ///< [M + 1] frames before those of each mu
  std::vector<std::int64_t> starts_{0};
};

}  // namespace scorefield::data
