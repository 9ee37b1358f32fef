#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/import/arrays.hpp"

namespace scorefield::data {

/// Arrays side by side that make up the coordinates of particles: [.., N, w] or [.., N] each.
class ArraySet {
 public:
  /// The axes before the particles: none where each array is one time, [K], or [M, K] where the last axis of a single
  /// array has the coordinates.
  enum class Layout { frame, stacked };

  /// `frames`: K where it is known (a time for each), else 0. @throws FileError for shapes that do not fit
  ArraySet(const ArrayFile& file, const std::string& path, const std::vector<std::string>& names, Layout layout,
           std::int64_t frames);

  [[nodiscard]] std::int64_t runs() const { return runs_; }
  [[nodiscard]] std::int64_t frames() const { return frames_; }
  [[nodiscard]] std::int64_t particles() const { return particles_; }
  [[nodiscard]] std::int64_t dimension() const { return dimension_; }
  /// A name per coordinate: that of its array where it has but one; empty where they have no names.
  [[nodiscard]] const std::vector<std::string>& coordinates() const { return coordinates_; }
  /// [N, d] of frame `index`, counted through all runs.
  [[nodiscard]] std::vector<double> read(std::int64_t index) const;
  /// [M, K, N, d]
  [[nodiscard]] h5::Dims shape() const;
  /// Of the first array, as the file has it.
  [[nodiscard]] const h5::Dims& stored_shape() const { return parts_.front().array->dims(); }
  [[nodiscard]] bool same_shape(const ArraySet& other) const { return shape() == other.shape(); }

 private:
  struct Part {
    std::unique_ptr<ForeignArray> array;
    std::int64_t width;
  };
  void add(const ArrayFile& file, const std::string& path, const std::string& name, Layout layout);

  std::vector<Part> parts_;
  std::vector<std::string> coordinates_;
  bool single_;
  std::int64_t known_frames_;
  std::int64_t runs_ = 1, frames_ = 1, particles_ = 0, dimension_ = 0;
};

}  // namespace scorefield::data
