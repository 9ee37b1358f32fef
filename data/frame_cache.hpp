#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "data/dataset.hpp"

namespace scorefield::data {

/// One (mu, time) frame in memory, [N, d] row-major; velocities empty if the file has none.
struct Frame {
  std::vector<float> samples;
  std::vector<float> velocities;
  std::vector<std::int32_t> order;  ///< of the particles, where Prepare leaves one beside them; else empty
};

/// Frames of a dataset on demand, the most recently used ones kept within a memory budget: a dataset smaller than
/// the budget is read once, a larger one streams. What a caller sees does not depend on the budget. Thread-safe.
class FrameCache {
 public:
  /// @throws FileError if velocities are wanted and the file has none.
  /// Changes a frame once, right after it was read (normalising, sorting); must keep its sizes.
  using Prepare = std::function<void(Frame&)>;

  FrameCache(DatasetReader reader, std::int64_t budget_bytes, bool with_velocities, Prepare prepare = {});

  /// The frame, read now if it is not held. A held pointer stays valid after eviction.
  [[nodiscard]] std::shared_ptr<const Frame> get(std::int64_t mu_index, std::int64_t frame);

  [[nodiscard]] const DatasetReader& reader() const { return reader_; }
  [[nodiscard]] const DatasetHeader& header() const { return reader_.header(); }
  /// Bytes held now; never above the budget by more than one frame.
  [[nodiscard]] std::int64_t held_bytes() const;
  /// Whether the whole dataset fits the budget.
  [[nodiscard]] bool fits() const;

 private:
  struct Held {
    std::shared_ptr<const Frame> frame;
    std::list<std::int64_t>::iterator position;
  };

  [[nodiscard]] std::int64_t frame_bytes() const;
  void make_room();
  [[nodiscard]] Frame read_frame(std::int64_t mu_index, std::int64_t frame) const;

  DatasetReader reader_;
  std::int64_t budget_bytes_;
  bool with_velocities_;
  Prepare prepare_;
  mutable std::mutex mutex_;
  std::list<std::int64_t> recent_;  ///< most recent first
  std::unordered_map<std::int64_t, Held> held_;
};

}  // namespace scorefield::data
