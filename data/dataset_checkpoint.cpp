// The frames of an unfinished dataset, in and out of a generator's checkpoint.

#include <string>

#include "core/error.hpp"
#include "data/dataset.hpp"

namespace scorefield::data {
namespace {

/// Samples, and velocities where there are any, under the names that they have in a dataset.
std::vector<std::string> arrays(const DatasetHeader& header) {
  if (header.has_velocities) return {"/samples", "/velocities"};
  return {"/samples"};
}

h5::Dims full_shape(const DatasetHeader& header) {
  return {header.mu_count(), header.frames(), header.particles, header.dimension()};
}

void copy_frame(const DatasetHeader& header, const h5::File& from, h5::File& to, std::int64_t index) {
  std::vector<float> values(static_cast<std::size_t>(header.frame_size()));
  const h5::Dims offset{index / header.frames(), index % header.frames(), 0, 0};
  const h5::Dims count{1, 1, header.particles, header.dimension()};
  for (const auto& name : arrays(header)) {
    from.read_block<float>(name, offset, count, values);
    to.write_block<float>(name, offset, count, values);
  }
}

}  // namespace

void DatasetWriter::save_frames(h5::File& checkpoint) const {
  for (const auto& name : arrays(header_))
    checkpoint.create_dataset<float>(name, full_shape(header_), {1, 1, header_.particles, header_.dimension()});
  std::vector<std::uint8_t> written(written_.begin(), written_.end());
  checkpoint.write<std::uint8_t>("/written", written, {header_.mu_count(), header_.frames()});
  for (std::size_t i = 0; i < written.size(); ++i)
    if (written[i]) copy_frame(header_, file_, checkpoint, static_cast<std::int64_t>(i));
}

void DatasetWriter::restore_frames(const h5::File& checkpoint) {
  for (const auto& name : arrays(header_))
    if (!checkpoint.exists(name) || checkpoint.dims(name) != full_shape(header_))
      throw FileError(checkpoint.path(), "does not hold '" + name + "' of shape " + h5::to_text(full_shape(header_)) +
                                             ". It belongs to another run; generate without resuming.");
  const auto written = checkpoint.read<std::uint8_t>("/written");
  if (written.size() != written_.size())
    throw FileError(checkpoint.path(), "marks " + std::to_string(written.size()) + " frames, expected " +
                                           std::to_string(written_.size()) + ". Generate without resuming.");
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (!written[i]) continue;
    copy_frame(header_, checkpoint, file_, static_cast<std::int64_t>(i));
    written_[i] = true;
  }
}

}  // namespace scorefield::data
