#include "data/common_particles.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace scorefield::data {
namespace {

using Places = std::vector<std::pair<std::int64_t, std::size_t>>;  ///< (id, row), sorted

Places places_of(const Frame& frame) {
  Places places;
  places.reserve(frame.id.size());
  for (std::size_t n = 0; n < frame.id.size(); ++n) places.emplace_back(frame.id[n], n);
  std::sort(places.begin(), places.end());
  return places;
}

template <class T>
void keep_rows(std::vector<T>& values, const std::vector<std::size_t>& rows, std::size_t width) {
  if (values.empty()) return;
  std::vector<T> kept;
  kept.reserve(rows.size() * width);
  for (const std::size_t n : rows)
    for (std::size_t c = 0; c < width; ++c) kept.push_back(values[n * width + c]);
  values = std::move(kept);
}

}  // namespace

void keep_common(std::size_t d, const std::vector<Frame*>& frames) {
  std::vector<Places> places;
  for (const Frame* frame : frames) places.push_back(places_of(*frame));
  std::vector<std::vector<std::size_t>> rows(frames.size());
  const auto& ids = frames.front()->id;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    std::vector<std::size_t> found;
    for (const Places& in : places) {
      const auto at = std::lower_bound(in.begin(), in.end(), std::pair(ids[n], std::size_t{0}));
      if (at != in.end() && at->first == ids[n]) found.push_back(at->second);
    }
    if (found.size() < frames.size()) continue;
    for (std::size_t f = 0; f < frames.size(); ++f) rows[f].push_back(found[f]);
  }
  for (std::size_t f = 0; f < frames.size(); ++f) {
    keep_rows(frames[f]->samples, rows[f], d);
    keep_rows(frames[f]->velocities, rows[f], d);
    keep_rows(frames[f]->weights, rows[f], 1);
    keep_rows(frames[f]->id, rows[f], 1);
  }
}

}  // namespace scorefield::data
