#include "data/frame_cache.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "data/common_particles.hpp"

namespace scorefield::data {
namespace {

/// A particle that is followed is there at all times of its mu.
void check_trajectories(const DatasetReader& reader) {
  if (reader.header().identity != Identity::trajectories) return;
  for (std::size_t m = 0; m < reader.header().runs.size(); ++m) {
    const auto& particles = reader.header().runs[m].particles;
    for (const std::int64_t count : particles)
      if (count != particles.front())
        throw FileError(reader.path(), "says that its particles are trajectories, but the frames of mu number " +
                                           std::to_string(m) + " have " + std::to_string(particles.front()) + " and " +
                                           std::to_string(count) +
                                           ". Import or write it again with the identity 'marginals'.");
  }
}

}  // namespace

FrameCache::FrameCache(DatasetReader reader, std::int64_t budget_bytes, Velocities velocities, Prepare prepare,
                       Differences differences)
    : reader_(std::move(reader)),
      table_(reader_.header()),
      budget_bytes_(budget_bytes),
      velocities_(velocities),
      differences_(std::move(differences)),
      prepare_(std::move(prepare)) {
  check_trajectories(reader_);
  if (velocities_ == Velocities::stored && !header().has_velocities)
    throw FileError(reader_.path(),
                    "has no '/velocities'. Generate it with velocities, or use a loss that needs none.");
  if (velocities_ == Velocities::differences && (!header().follows() || header().least_frames() < 3))
    throw FileError(reader_.path(),
                    "holds no trajectories of at least 3 frames: differences between frames say nothing "
                    "about the velocities. Use a loss that needs none.");
}

std::int64_t FrameCache::bytes_of(std::int64_t particles) const {
  const std::int64_t arrays = velocities_ == Velocities::none ? 1 : 2;
  const std::int64_t floats = particles * header().dimension() * arrays * static_cast<std::int64_t>(sizeof(float));
  return floats + (header().has_weights ? particles * static_cast<std::int64_t>(sizeof(double)) : 0);
}

std::int64_t FrameCache::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_;
}

bool FrameCache::fits() const { return bytes_of(table_.starts().back()) <= budget_bytes_; }

std::shared_ptr<const Frame> FrameCache::get(std::int64_t mu_index, std::int64_t frame) {
  // Held while reading too: HDF5 reads one block at a time anyway, and no frame is read twice.
  const std::lock_guard lock(mutex_);
  const std::int64_t key = table_.index(mu_index, frame);
  if (const auto found = held_.find(key); found != held_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second.position);
    return found->second.frame;
  }
  const std::int64_t bytes = bytes_of(table_.particles(key));
  make_room(bytes);
  auto read = std::make_shared<const Frame>(read_frame(mu_index, frame));
  recent_.push_front(key);
  held_.emplace(key, Held{read, recent_.begin()});
  held_bytes_ += bytes;
  return read;
}

void FrameCache::make_room(std::int64_t bytes) {
  while (!recent_.empty() && held_bytes_ + bytes > budget_bytes_) {
    held_bytes_ -= bytes_of(table_.particles(recent_.back()));
    held_.erase(recent_.back());
    recent_.pop_back();
  }
}

Frame FrameCache::read_particles(std::int64_t mu_index, std::int64_t frame) const {
  const auto n = static_cast<std::size_t>(header().particles_at(mu_index, frame));
  Frame read;
  read.samples.resize(n * header().coordinates.size());
  reader_.read_samples(mu_index, frame, read.samples);
  if (header().follows_by_id()) {
    read.id.resize(n);
    reader_.read_id(mu_index, frame, read.id);
  }
  return read;
}

Frame FrameCache::read_frame(std::int64_t mu_index, std::int64_t frame) const {
  Frame read = read_particles(mu_index, frame);
  if (header().has_weights) {
    read.weights.resize(read.samples.size() / header().coordinates.size());
    reader_.read_weights(mu_index, frame, read.weights);
    if (std::all_of(read.weights.begin(), read.weights.end(), [](float weight) { return weight == 0; }))
      throw FileError(reader_.path(), "has no particle of any weight at mu " + std::to_string(mu_index) + ", time " +
                                          std::to_string(frame) + ". Leave this frame out.");
  }
  if (velocities_ == Velocities::stored) {
    read.velocities.resize(read.samples.size());
    reader_.read_velocities(mu_index, frame, read.velocities);
  }
  if (velocities_ == Velocities::differences) take_differences(mu_index, frame, read);
  if (prepare_) prepare_(read, mu_index, frame);
  return read;
}

void FrameCache::take_differences(std::int64_t mu_index, std::int64_t k, Frame& frame) const {
  const auto& time = header().times(mu_index);
  const auto [last, next] = differences_.around(mu_index, k, static_cast<std::int64_t>(time.size()));
  Frame before = read_particles(mu_index, last), after = read_particles(mu_index, next);
  if (header().follows_by_id()) {
    keep_common(header().coordinates.size(), {&frame, &before, &after});
    if (frame.samples.empty())
      throw FileError(reader_.path(), "has no particle that is there at mu " + std::to_string(mu_index) + ", time " +
                                          std::to_string(k) +
                                          " and at the times around it. Use a loss that needs no velocities.");
  }
  const auto at = [&](std::int64_t number) { return time[static_cast<std::size_t>(number)]; };
  const std::size_t d = header().periods.size();
  const auto step = [&](float from, float to, std::size_t c) {
    const double way = static_cast<double>(to) - from, period = header().periods[c];
    return period > 0 ? way - period * std::round(way / period) : way;
  };
  frame.velocities.resize(frame.samples.size());
  for (std::size_t i = 0; i < frame.velocities.size(); ++i) {
    const std::size_t c = i % d;
    const Steps steps{step(before.samples[i], frame.samples[i], c), step(frame.samples[i], after.samples[i], c),
                      at(k) - at(last), at(next) - at(k)};
    frame.velocities[i] = static_cast<float>(velocity_of(steps, !differences_.rough.empty() && differences_.rough[c]));
  }
}

}  // namespace scorefield::data
