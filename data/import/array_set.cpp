#include "data/import/array_set.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/import/array_source.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kFrameForm = "expected [particles] or [particles, coordinates].";
constexpr const char* kStackForm =
    "expected [times, particles, coordinates] or [mu, times, particles, coordinates]"
    "; without the last axis for one array per coordinate (--set import.samples=\"x, v\").";

/// How an array is divided: runs, times, particles and coordinates, 0 where it is none of the known forms.
struct Shape {
  std::int64_t runs = 1, frames = 1, particles = 0, width = 1;

  bool operator==(const Shape&) const = default;
};

/// [K, N, w] and [M, K, N] look alike: the number of times tells, else the size of the last axis.
bool ends_with_coordinates(const h5::Dims& dims, std::int64_t frames) {
  constexpr std::int64_t kMostCoordinates = 16;
  if (frames > 0 && dims[0] == frames) return true;
  if (frames > 0 && dims[1] == frames) return false;
  return dims[2] <= kMostCoordinates;
}

Shape shape_of_frame(const h5::Dims& dims) {
  if (dims.size() == 1) return {1, 1, dims[0], 1};
  if (dims.size() == 2) return {1, 1, dims[0], dims[1]};
  return {};
}

/// `single`: the array has all coordinates; `unnamed`: and nobody has said so.
Shape shape_of_stack(const h5::Dims& dims, bool single, bool unnamed, std::int64_t frames) {
  if (dims.size() == 2 && !unnamed) return {1, dims[0], dims[1], 1};
  if (dims.size() == 3 && (single || ends_with_coordinates(dims, frames))) return {1, dims[0], dims[1], dims[2]};
  if (dims.size() == 3) return {dims[0], dims[1], dims[2], 1};
  if (dims.size() == 4) return {dims[0], dims[1], dims[2], dims[3]};
  return {};
}

}  // namespace

ArraySet::ArraySet(const ArrayFile& file, const std::string& path, const std::vector<std::string>& names, Layout layout,
                   std::int64_t frames)
    : single_(names.size() == 1), known_frames_(frames) {
  for (const auto& name : names) add(file, path, name, layout);
}

void ArraySet::add(const ArrayFile& file, const std::string& path, const std::string& name, Layout layout) {
  auto array = file.array(name);
  const h5::Dims& dims = array->dims();
  const bool unnamed = single_ && (name == ArrayNames{}.samples || name == ArrayNames{}.velocities);
  const Shape shape =
      layout == Layout::frame ? shape_of_frame(dims) : shape_of_stack(dims, single_, unnamed, known_frames_);
  for (const std::int64_t size : dims)
    if (size < 1) throw FileError(path, "array '" + name + "' is empty: " + h5::to_text(dims) + ".");
  if (shape.particles == 0)
    throw FileError(path, "array '" + name + "' has shape " + h5::to_text(dims) + ", " +
                              (layout == Layout::frame ? kFrameForm : kStackForm));
  if (parts_.empty()) {
    runs_ = shape.runs;
    frames_ = shape.frames;
    particles_ = shape.particles;
  } else if (shape.runs != runs_ || shape.frames != frames_ || shape.particles != particles_) {
    throw FileError(path, "array '" + name + "' has shape " + h5::to_text(dims) + ", the one before it " +
                              h5::to_text(parts_.front().array->dims()) + ": arrays of coordinates must agree.");
  }
  const std::string last = name.substr(name.rfind('/') + 1);
  for (std::int64_t c = 1; c <= shape.width; ++c)
    coordinates_.push_back(shape.width == 1 ? last : last + std::to_string(c));
  dimension_ += shape.width;
  parts_.push_back({std::move(array), shape.width});
  if (single_ && (unnamed || shape.width > 1)) coordinates_.clear();  // x1, x2, .. says as much
}

h5::Dims ArraySet::shape() const { return {runs_, frames_, particles_, dimension_}; }

std::vector<double> ArraySet::read(std::int64_t index) const {
  if (parts_.size() == 1) return parts_[0].array->read(index * particles_ * dimension_, particles_ * dimension_);
  std::vector<double> samples(static_cast<std::size_t>(particles_ * dimension_));
  std::int64_t first = 0;
  for (const Part& part : parts_) {
    const auto values = part.array->read(index * particles_ * part.width, particles_ * part.width);
    for (std::int64_t n = 0; n < particles_; ++n)
      for (std::int64_t c = 0; c < part.width; ++c)
        samples[static_cast<std::size_t>(n * dimension_ + first + c)] =
            values[static_cast<std::size_t>(n * part.width + c)];
    first += part.width;
  }
  return samples;
}

}  // namespace scorefield::data
