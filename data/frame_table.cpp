#include "data/frame_table.hpp"

#include "data/dataset.hpp"

namespace scorefield::data {

FrameTable::FrameTable(const DatasetHeader& header) {
  if (!header.ragged()) dense_ = {header.mu_count(), header.frames(), header.particles};
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    first_.push_back(size());
    const auto frames = static_cast<std::int64_t>(header.times(m).size());
    for (std::int64_t k = 0; k < frames; ++k) {
      places_.emplace_back(m, k);
      starts_.push_back(starts_.back() + header.particles_at(m, k));
    }
  }
  first_.push_back(size());
}

bool FrameTable::contains(std::int64_t mu_index, std::int64_t frame) const {
  if (mu_index < 0 || mu_index + 1 >= static_cast<std::int64_t>(first_.size()) || frame < 0) return false;
  const auto m = static_cast<std::size_t>(mu_index);
  return frame < first_[m + 1] - first_[m];
}

std::int64_t FrameTable::index(std::int64_t mu_index, std::int64_t frame) const {
  return first_.at(static_cast<std::size_t>(mu_index)) + frame;
}

std::pair<std::int64_t, std::int64_t> FrameTable::place(std::int64_t index) const {
  return places_.at(static_cast<std::size_t>(index));
}

std::int64_t FrameTable::particles(std::int64_t index) const {
  const auto f = static_cast<std::size_t>(index);
  return starts_.at(f + 1) - starts_.at(f);
}

h5::Dims FrameTable::shape(std::int64_t width) const {
  h5::Dims shape = dense_.empty() ? h5::Dims{starts_.back()} : dense_;
  if (width > 0) shape.push_back(width);
  return shape;
}

FrameTable::Block FrameTable::block(std::int64_t mu_index, std::int64_t frame, std::int64_t width) const {
  Block block{{mu_index, frame, 0}, {1, 1, 0}};
  if (dense_.empty()) {
    const std::int64_t f = index(mu_index, frame);
    block = {{starts_.at(static_cast<std::size_t>(f))}, {particles(f)}};
  } else {
    block.count.back() = dense_[2];
  }
  if (width > 0) {
    block.offset.push_back(0);
    block.count.push_back(width);
  }
  return block;
}

}  // namespace scorefield::data
