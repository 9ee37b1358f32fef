#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "training/metrics/cloud_comparison.hpp"
#include "training/metrics/displacement.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/metrics/mixture.hpp"
#include "training/metrics/moments.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/run.hpp"
#include "training/metrics/scores.hpp"
#include "training/metrics/training_baseline.hpp"

namespace scorefield::metrics {

/// The populations of one mu.
struct Populations {
  RunAtMu truth;
  Compared<RunAtMu> runs;                             ///< where a source is the population of one run
  std::optional<Mixture> mixture{};                   ///< that of several
  std::optional<Displacement> displacement{};         ///< that of one run between its frames
  bool halves = false;                                ///< whether to compare the halves of the truth
  const Run* training = nullptr;                      ///< the runs whose moments are
  Compared<std::optional<data::MuWeights>> combined;  ///< combined, where a source is no population
};

/// Scores the populations of one mu, frame by frame, in coordinates of the truth's unit spread over these frames.
class CloudScores {
 public:
  /// @param times [F], at which the nearest stored frames are compared
  CloudScores(const Populations& populations, std::vector<double> times, const EvaluateOptions& options,
              std::int64_t seed);

  /// [d], state units per unit of the compared coordinates.
  [[nodiscard]] const std::vector<double>& scales() const { return space_.scales; }

  /// Adds the distances between clouds, per frame and their means, and the errors of the moments.
  /// Returns whether all Sinkhorn iterations converged.
  bool add_to(Scores& scores) const;

 private:
  /// One frame's clouds against the true one.
  struct Frame {
    Moments truth;
    Compared<std::vector<std::optional<CloudDistance>>>
        distances;  ///< of the metrics that are distances, in the table's order
    Compared<std::optional<MomentDistance>> moments;
  };
  [[nodiscard]] Frame compare(double time) const;
  void compare_halves(const PointCloud& truth, Frame& frame) const;
  [[nodiscard]] Moments combined_moments(const data::MuWeights& runs, double time) const;
  [[nodiscard]] PointCloud cloud(const RunAtMu& at, double time) const;

  Populations populations_;
  std::vector<double> times_;
  EvaluateOptions options_;
  std::int64_t seed_;
  StateSpace space_;
  CloudMeasures measures_;
};

}  // namespace scorefield::metrics
