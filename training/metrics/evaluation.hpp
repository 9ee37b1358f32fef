#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "data/problems/problem.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/metrics/scores.hpp"

namespace scorefield::metrics {

/// What to compare with what.
struct EvaluateRequest {
  std::string rollout_path;    ///< the prediction; any dataset or rollout file
  std::string reference_path;  ///< what really happens at the rollout's mu
  std::string training_path;   ///< what the model learned from; empty: no baselines made of it
  EvaluateOptions options{};
  std::string config_toml{};  ///< complete resolved configuration, kept with the result
  std::int64_t seed = 0;      ///< of subsample, directions and the generated floor
  ProgressObserver observer{};
};

struct EvaluationAtMu : ScoresAtMu {
  std::vector<double> nearest_mu;         ///< [p]; empty without training data
  std::vector<double> coordinate_scales;  ///< [d], state units per unit of the compared coordinates

  std::vector<double> time;                   ///< [K], the rollout's
  std::vector<double> electric_energy_truth;  ///< [K]; empty without a field
  ScoreHistory electric_energy;               ///< [K]
  std::vector<double> cloud_time;             ///< [F], of the scores' frames
};

struct Evaluation {
  EvaluateRequest request;  ///< what was asked, without its observer
  std::vector<std::vector<double>>
      left_out;                         ///< [L][p] runs of the training data that neither model nor baselines know
  std::string floor;                    ///< where the floor comes from, in words; empty: none
  std::int64_t particles = 0;           ///< of the rollout
  std::string guide;                    ///< what held the rollout (infer.guide); empty: nothing
  std::vector<std::string> parameters;  ///< names, [p]
  std::vector<EvaluationAtMu> per_mu;
  Scores mean;                        ///< over mu; absent when one mu lacks the value
  std::vector<std::string> warnings;  ///< extrapolation, missing baselines, coarse times
};

/// Compares every mu of the rollout with the reference's run at the same mu. The problem that made the
/// reference provides the electric energy and the floor run; files of unknown origin are compared as clouds only.
/// Checks every file before computing; of a generated floor only what is compared stays in memory.
/// @throws FileError if a file is unusable, the reference lacks a mu or a time of the rollout, or states differ;
///         UsageError for a bad option; Interrupted when the user asks to stop.
[[nodiscard]] Evaluation evaluate(const EvaluateRequest& request);

/// The same with a given problem in place of the one that made the reference; null: unknown origin.
[[nodiscard]] Evaluation evaluate(const EvaluateRequest& request, const problems::Problem* problem);

/// One JSON object; its keys are listed in this folder's README.
[[nodiscard]] std::string to_json(const Evaluation& evaluation);

/// Aligned text: one row per mu, the mean, warnings, and one line that says what the numbers mean.
[[nodiscard]] std::string to_table(const Evaluation& evaluation);

}  // namespace scorefield::metrics
