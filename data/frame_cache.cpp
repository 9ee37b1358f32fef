#include "data/frame_cache.hpp"

#include <cmath>
#include <utility>

#include "core/error.hpp"

namespace scorefield::data {

FrameCache::FrameCache(DatasetReader reader, std::int64_t budget_bytes, Velocities velocities, Prepare prepare)
    : reader_(std::move(reader)), budget_bytes_(budget_bytes), velocities_(velocities), prepare_(std::move(prepare)) {
  if (velocities_ == Velocities::stored && !header().has_velocities)
    throw FileError(reader_.path(),
                    "has no '/velocities'. Generate it with velocities, or use a loss that needs none.");
  if (velocities_ == Velocities::differences && (header().identity != Identity::trajectories || header().frames() < 3))
    throw FileError(reader_.path(),
                    "holds no trajectories of at least 3 frames: differences between frames say nothing "
                    "about the velocities. Use a loss that needs none.");
}

std::int64_t FrameCache::frame_bytes() const {
  return header().frame_size() * static_cast<std::int64_t>(sizeof(float)) * (velocities_ == Velocities::none ? 1 : 2);
}

std::int64_t FrameCache::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(held_.size()) * frame_bytes();
}

bool FrameCache::fits() const { return header().mu_count() * header().frames() * frame_bytes() <= budget_bytes_; }

std::shared_ptr<const Frame> FrameCache::get(std::int64_t mu_index, std::int64_t frame) {
  // Held while reading too: HDF5 reads one block at a time anyway, and no frame is read twice.
  const std::lock_guard lock(mutex_);
  const std::int64_t key = mu_index * header().frames() + frame;
  if (const auto found = held_.find(key); found != held_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second.position);
    return found->second.frame;
  }
  make_room();
  auto read = std::make_shared<const Frame>(read_frame(mu_index, frame));
  recent_.push_front(key);
  held_.emplace(key, Held{read, recent_.begin()});
  return read;
}

void FrameCache::make_room() {
  while (!recent_.empty() && (static_cast<std::int64_t>(held_.size()) + 1) * frame_bytes() > budget_bytes_) {
    held_.erase(recent_.back());
    recent_.pop_back();
  }
}

Frame FrameCache::read_frame(std::int64_t mu_index, std::int64_t frame) const {
  Frame read;
  read.samples.resize(static_cast<std::size_t>(header().frame_size()));
  reader_.read_samples(mu_index, frame, read.samples);
  if (velocities_ != Velocities::none) read.velocities.resize(read.samples.size());
  if (velocities_ == Velocities::stored) reader_.read_velocities(mu_index, frame, read.velocities);
  if (velocities_ == Velocities::differences) take_differences(mu_index, frame, read.velocities);
  if (prepare_) prepare_(read, mu_index, frame);
  return read;
}

void FrameCache::take_differences(std::int64_t mu_index, std::int64_t frame, std::vector<float>& velocities) const {
  if (frame < 1 || frame + 1 >= header().frames()) throw Error("differences exist at inner frames only");
  std::vector<float> before(velocities.size());
  reader_.read_samples(mu_index, frame - 1, before);
  reader_.read_samples(mu_index, frame + 1, velocities);
  const auto k = static_cast<std::size_t>(frame);
  const double span = header().time[k + 1] - header().time[k - 1];
  const std::size_t d = header().periods.size();
  for (std::size_t i = 0; i < velocities.size(); ++i) {
    double step = static_cast<double>(velocities[i]) - before[i];
    const double period = header().periods[i % d];
    if (period > 0) step -= period * std::round(step / period);
    velocities[i] = static_cast<float>(step / span);
  }
}

}  // namespace scorefield::data
