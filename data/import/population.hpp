#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/import/runs.hpp"

namespace scorefield::data {

/// What a first pass over the frames of a run finds.
struct Population {
  std::vector<std::int64_t> finite;    ///< [K] particles whose samples, velocities and weights are finite
  std::vector<std::int64_t> followed;  ///< sorted ids (rows where there are none) that are finite at all times
  bool same_id = true;                 ///< every frame has the same ids, each once
  bool unique_id = true;               ///< no frame has an id twice
  double weight = 0;                   ///< sum over the first frame; particles without weights count 1
  bool uniform = true;                 ///< the weights of each frame are equal
  std::int64_t lost = 0;               ///< samples that are not finite, of all frames
  bool ordered = false;                ///< the place in the file says something of the particles, at some time
  std::vector<double> coarseness;      ///< [d] largest over frames of float32's step over the coordinate's deviation
};

/// Reads all frames of a run once.
[[nodiscard]] Population survey(const Run& run);

/// How the particles of a run are taken.
struct Selecting {
  bool trajectories = false;
  bool permuted = true;    ///< in another order than the file's: one for trajectories, one per frame of marginals
  bool all = false;        ///< every particle with its weight, however many
  std::int64_t count = 0;  ///< else: particles per frame, at most those that there are
};

/// Which rows of a frame go into the dataset, in which order; all draws from (seed, mu index m, frame).
class Selection {
 public:
  Selection(const Run& run, const Population& population, const Selecting& how, std::uint64_t seed, std::int64_t m);

  /// [count] rows of `frame`, or all that are finite. Where a number is taken, weights that differ are drawn by: a row
  /// then comes as often as its weight asks for.
  [[nodiscard]] std::vector<std::size_t> rows(const ImportFrame& frame, std::int64_t k);

 private:
  [[nodiscard]] std::vector<std::size_t> followed_rows(const ImportFrame& frame);
  void draw_by_weight(const ImportFrame& frame, std::vector<std::size_t>& rows, std::uint64_t stream) const;

  const Population& population_;
  bool trajectories_, permuted_, all_, by_id_, weighted_;
  std::uint64_t seed_, first_stream_;
  std::size_t count_, dimension_;
  std::vector<std::int64_t> order_;  ///< trajectories: ids in the dataset's order
  std::vector<std::size_t> chosen_;  ///< trajectories with weights: places in order_, drawn at the first frame
};

}  // namespace scorefield::data
