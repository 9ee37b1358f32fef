#pragma once

#include <optional>
#include <span>
#include <string>

#include "training/metrics/cloud_comparison.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/metrics/scores.hpp"

namespace scorefield::metrics {

/// Where a metric is shown beside the JSON of `evaluate`, which has all of them.
enum class Shown {
  everywhere,  ///< tables and pictures
  tables,
  evaluation  ///< the printed evaluation alone
};

/// What is known of one metric. JSON, the printed evaluation, the tables of `compare` and the pictures walk the table
/// of them; one more metric is an entry, its member of Scores, and what computes it (a distance between two clouds: a
/// member of CloudDistances).
struct Metric {
  const char* key;      ///< of the prediction's value in JSON
  const char* title;    ///< of a picture: "electric energy, relative L2"
  const char* heading;  ///< of a column beside other metrics: "E error"
  const char* unit;     ///< "1": an error relative to the truth
  const char* group;    ///< metrics that are printed side by side
  const char* meaning;  ///< which of its group
  Shown shown;
  Compared<bool> sources;  ///< which of them can have it
  Score Scores::*score;
  double CloudDistances::*distance = nullptr;  ///< of a distance between clouds: the score is its mean over the frames
  std::string (*setting)(const EvaluateOptions& options) = nullptr;  ///< what its numbers depend on, for tables

  /// Whether it is an error relative to the truth.
  [[nodiscard]] bool relative() const { return unit[0] == '1' && unit[1] == '\0'; }
  /// Of a source's value in JSON: "electric_energy_error" becomes "electric_energy_floor", "sinkhorn" "sinkhorn_floor".
  [[nodiscard]] std::string key_of(const Source& source) const;
};

/// All of them, in the order of tables and files: errors before distances.
[[nodiscard]] std::span<const Metric> metrics();

/// Who is closest to the truth.
struct Best {
  const Source* source;
  double error;
};
/// Of the prediction and its baselines; the floor, a run of the solver, does not compete. Absent without baselines.
[[nodiscard]] std::optional<Best> best_of(const Score& score);

/// The metric that says most about a prediction: the first relative error of the table that it has; null without one.
[[nodiscard]] const Metric* main_metric(const Scores& scores);

}  // namespace scorefield::metrics
