// The frames of an unfinished dataset, in and out of a generator's checkpoint.

#include <span>
#include <string>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/finite.hpp"

namespace scorefield::data {
namespace {

/// Samples, and velocities where there are any, under the names that they have in a dataset.
std::vector<std::string> arrays(const DatasetHeader& header) {
  if (header.has_velocities) return {"/samples", "/velocities"};
  return {"/samples"};
}

void copy_frame(const DatasetHeader& header, const FrameTable::Block& block, const h5::File& from, h5::File& to) {
  std::vector<float> values(static_cast<std::size_t>(header.frame_size()));
  for (const auto& name : arrays(header)) {
    from.read_block<float>(name, block.offset, block.count, values);
    if (first_not_finite(std::span<const float>(values)))
      throw FileError(from.path(), "'" + name + "' has a value that is not finite. Generate without resuming.");
    to.write_block<float>(name, block.offset, block.count, values);
  }
}

void copy_density(const DensityGrid& grid, std::int64_t m, std::int64_t k, const h5::File& from, h5::File& to) {
  std::vector<float> values(static_cast<std::size_t>(grid.size()));
  read_density(from, grid, m, k, values);
  write_density(to, grid, m, k, values);
}

}  // namespace

void DatasetWriter::save_frames(h5::File& checkpoint) const {
  const std::int64_t d = header_.dimension();
  for (const auto& name : arrays(header_))
    checkpoint.create_dataset<float>(name, table_.shape(d), {1, 1, header_.particles, d});
  if (header_.density) create_density(checkpoint, *header_.density, header_.mu_count(), header_.frames());
  std::vector<std::uint8_t> written(written_.begin(), written_.end());
  checkpoint.write<std::uint8_t>("/written", written, {header_.mu_count(), header_.frames()});
  for (std::int64_t f = 0; f < table_.size(); ++f) {
    if (!written_[static_cast<std::size_t>(f)]) continue;
    const auto [m, k] = table_.place(f);
    copy_frame(header_, table_.block(m, k, d), file_, checkpoint);
    if (header_.density) copy_density(*header_.density, m, k, file_, checkpoint);
  }
}

void DatasetWriter::restore_frames(const h5::File& checkpoint) {
  const h5::Dims shape = table_.shape(header_.dimension());
  for (const auto& name : arrays(header_))
    if (!checkpoint.exists(name) || checkpoint.dims(name) != shape)
      throw FileError(checkpoint.path(), "does not hold '" + name + "' of shape " + h5::to_text(shape) +
                                             ". It belongs to another run; generate without resuming.");
  if (header_.density && !read_density_grid(checkpoint, header_.mu_count(), header_.frames(),
                                            static_cast<std::size_t>(header_.dimension())))
    throw FileError(checkpoint.path(), "holds no density. It belongs to another run; generate without resuming.");
  const auto written = checkpoint.read<std::uint8_t>("/written");
  if (written.size() != written_.size())
    throw FileError(checkpoint.path(), "marks " + std::to_string(written.size()) + " frames, expected " +
                                           std::to_string(written_.size()) + ". Generate without resuming.");
  for (std::int64_t f = 0; f < table_.size(); ++f) {
    if (!written[static_cast<std::size_t>(f)]) continue;
    const auto [m, k] = table_.place(f);
    copy_frame(header_, table_.block(m, k, header_.dimension()), checkpoint, file_);
    if (header_.density) {
      copy_density(*header_.density, m, k, checkpoint, file_);
      ++densities_;
    }
    written_[static_cast<std::size_t>(f)] = true;
  }
}

}  // namespace scorefield::data
