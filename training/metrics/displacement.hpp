#pragma once

#include <cstdint>
#include <span>

#include "data/dataset.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// What a run says about a time that it left out: the particles of the frames before and after, paired so that they go
/// the shortest ways together, and each pair at its place in between (McCann's displacement interpolation; optimal
/// transport between the samples, distances in deviations of the two frames). `most` pairs at most, from even
/// subsamples: pairing N points costs N^3.
class Displacement {
 public:
  /// @param run lives as long as this object
  Displacement(const Run& run, std::int64_t mu_index, std::int64_t most, std::int64_t seed)
      : run_(&run), mu_index_(mu_index), most_(most), seed_(seed) {}

  /// Whether one of these times lies between two frames.
  [[nodiscard]] bool is_between(std::span<const double> times) const;
  /// At a time of the run or outside of them: the nearest frame itself.
  [[nodiscard]] data::ParticleFrame particles(double time) const;

 private:
  const Run* run_;
  std::int64_t mu_index_;
  std::int64_t most_;
  std::int64_t seed_;
};

}  // namespace scorefield::metrics
