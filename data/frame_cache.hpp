#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "data/dataset.hpp"
#include "data/differences.hpp"
#include "data/frame_table.hpp"

namespace scorefield::data {

/// Where a frame's velocities come from.
enum class Velocities {
  none,        ///< there are none
  stored,      ///< /velocities
  differences  ///< of the frames around it (data/differences.hpp), the short way in periodic coordinates
};

/// One (mu, time) frame in memory, [N, d] row-major; what there is not is empty.
struct Frame {
  std::vector<float> samples{};
  std::vector<float> velocities{};
  std::vector<float> weights{};    ///< [N], how many real particles each stands for
  std::vector<std::int64_t> id{};  ///< [N], where these alone tell which particle is which (follows_by_id)

  // What Prepare leaves beside them.
  std::vector<double> summed{};  ///< [N] weights summed up, each of two parts by itself
  std::int64_t first_part = 0;   ///< particles of the first part
};

/// Frames of a dataset on demand, the most recently used ones kept within a memory budget: a dataset smaller than
/// the budget is read once, a larger one streams. What a caller sees does not depend on the budget. Thread-safe.
class FrameCache {
 public:
  /// Changes the frame of (mu index, frame index) once, right after it was read (normalising, sorting); must keep its
  /// sizes, but may take ids and weights away.
  using Prepare = std::function<void(Frame&, std::int64_t, std::int64_t)>;

  /// Differences need particles that can be followed and exist at inner frames only, where particles come and go for
  /// those of its particles that both frames around it have: the others are left out of the frame.
  /// @throws FileError if the file has no velocities, or nobody can be followed over three frames, and they are wanted.
  FrameCache(DatasetReader reader, std::int64_t budget_bytes, Velocities velocities, Prepare prepare = {},
             Differences differences = {});

  /// The frame, read now if it is not held. A held pointer stays valid after eviction. Frames at both ends cannot have
  /// differences:
  /// @throws Error there; FileError for a frame without weight, or none of whose particles its neighbours have.
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

  [[nodiscard]] std::int64_t bytes_of(std::int64_t particles) const;
  void make_room(std::int64_t bytes);
  [[nodiscard]] Frame read_frame(std::int64_t mu_index, std::int64_t frame) const;
  /// Samples, and what belongs to every particle of a frame besides.
  [[nodiscard]] Frame read_particles(std::int64_t mu_index, std::int64_t frame) const;
  void take_differences(std::int64_t mu_index, std::int64_t k, Frame& frame) const;

  DatasetReader reader_;
  FrameTable table_;
  std::int64_t budget_bytes_;
  Velocities velocities_;
  Differences differences_;
  Prepare prepare_;
  mutable std::mutex mutex_;
  std::list<std::int64_t> recent_;  ///< numbers of frames, most recent first
  std::unordered_map<std::int64_t, Held> held_;
  std::int64_t held_bytes_ = 0;
};

}  // namespace scorefield::data
