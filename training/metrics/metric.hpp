#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/metrics/cloud_comparison.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/metrics/moments.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/scores.hpp"

namespace scorefield::metrics {

/// Where a metric is shown beside the JSON of `evaluate`, which has all of them.
enum class Shown {
  everywhere,  ///< tables and pictures
  tables,
  evaluation  ///< the printed evaluation alone
};

/// What is known of one metric, and what computes it. Evaluation, JSON, the printed evaluation, the tables of `compare`
/// and the pictures walk the table of them: one more metric is one more entry.
struct Metric {
  const char* key;      ///< of the prediction's value in JSON
  const char* title;    ///< of a picture: "electric energy, relative L2"
  const char* heading;  ///< of a column beside other metrics: "E error"
  const char* unit;     ///< "1": an error relative to the truth
  const char* group;    ///< metrics that are printed side by side
  const char* meaning;  ///< which of its group
  Shown shown;
  Compared<bool> sources;  ///< which of them can have it
  // What computes it, one of these:
  /// an error of E(t), [K]
  double (*of_energy)(std::span<const double> energy, std::span<const double> truth) = nullptr;
  /// an error of the errors of a density over frames, [K]
  double (*of_density)(std::span<const double> errors) = nullptr;
  /// an error of the moments over frames, [F]; absent where the coordinates have none of this kind
  std::optional<double> (*of_moments)(const std::vector<MomentDistance>& distances,
                                      const std::vector<Moments>& truth) = nullptr;
  /// a distance between clouds: the score is its mean over frames; absent for some numbers of coordinates
  std::optional<CloudDistance> (*of_clouds)(const TrueCloud& truth, const PointCloud& cloud) = nullptr;
  std::string (*setting)(const EvaluateOptions& options) = nullptr;  ///< what its numbers depend on, for tables
  const char* guided_by = "";  ///< guides (infer.guide) that hold what it measures, so that it tests no model then

  /// Whether it is an error relative to the truth.
  [[nodiscard]] bool relative() const { return unit[0] == '1' && unit[1] == '\0'; }
  /// Of a source's value in JSON: "electric_energy_error" becomes "electric_energy_floor", "sinkhorn" "sinkhorn_floor".
  [[nodiscard]] std::string key_of(const Source& source) const;
};

/// Whether a guide of this name holds what a metric measures; empty: there is no guide.
[[nodiscard]] bool guides(std::string_view guide, const Metric& metric);

/// All of them, in the order of tables and files: errors before distances.
[[nodiscard]] std::span<const Metric> metrics();

/// Who is closest to the truth.
struct Best {
  const Source* source;
  double error;
};
/// Of the prediction and the baselines that compete with it: neither a run of the solver nor the truth itself. Absent
/// without baselines.
[[nodiscard]] std::optional<Best> best_of(const Score& score);

/// The metric that says most about a prediction: the first relative error of the table that it has; null without one.
[[nodiscard]] const Metric* main_metric(const Scores& scores);

}  // namespace scorefield::metrics
