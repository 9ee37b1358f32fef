#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/progress.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::metrics {

/// What to compare with what. Paths come from the command line, the rest also from `evaluate.*` keys.
struct EvaluateOptions {
  std::string rollout;            ///< the prediction; any dataset or rollout file
  std::string reference;          ///< what really happens at the rollout's mu
  std::string training;           ///< what the model learned from; empty: no nearest and interpolated baselines
  std::string floor_file;         ///< an independent run at the same mu; empty: generate one
  bool floor = true;              ///< whether to have the floor baseline
  std::int64_t points = 1024;     ///< points per cloud for the Sinkhorn divergence
  double epsilon = 0.05;          ///< its regularisation, squared coordinates of unit spread
  std::int64_t projections = 64;  ///< directions of the sliced W2
  std::int64_t frames = 11;       ///< frames whose clouds are compared, equally spaced, both ends; 0: all
  std::int64_t seed = 0;          ///< of subsample, directions and the generated floor
};

/// Adds evaluate.floor, .floor_file, .points, .epsilon, .projections and .frames.
void bind(OptionSet& set, EvaluateOptions& options);

/// One quantity for the prediction and for its baselines.
template <class T>
struct Compared {
  T prediction{};
  T floor{};         ///< independent high-fidelity run, same mu
  T nearest{};       ///< training run of the nearest mu, copied
  T interpolated{};  ///< training runs, linear in mu

  /// Calls visit(value, ...) for the four values of this and of others, in the order above.
  template <class Visit, class... Others>
  void for_each(Visit&& visit, Others&... others) const {
    visit(prediction, others.prediction...);
    visit(floor, others.floor...);
    visit(nearest, others.nearest...);
    visit(interpolated, others.interpolated...);
  }
};

/// A metric that a problem or baseline lacks is absent.
using Score = Compared<std::optional<double>>;
/// One value per frame; empty where absent.
using ScoreHistory = Compared<std::vector<double>>;

/// The scalar metrics.
struct Scores {
  Score electric_energy_error;         ///< relative L2 over the rollout's frames
  Score electric_energy_error_frames;  ///< mean relative error over frames above 5 % of the peak
  Score sinkhorn;                      ///< mean over the metric frames of the debiased divergence (squared units)
  Score sliced_w2;                     ///< mean over the metric frames
  Score moments_error;                 ///< mean and deviation of every coordinate over the metric frames (moments.hpp)
  Score covariance_error;              ///< relative L2 over the metric frames of the covariance
};

struct EvaluationAtMu {
  std::vector<double> mu;                     ///< [p]
  std::optional<bool> inside_training_range;  ///< absent without training data
  std::optional<bool> is_training_mu;
  std::vector<double> nearest_mu;         ///< [p]; empty without training data
  std::vector<double> coordinate_scales;  ///< [d], state units per unit of the compared coordinates
  Scores scores;

  std::vector<double> time;                   ///< [K], the rollout's
  std::vector<double> electric_energy_truth;  ///< [K]; empty without a field
  ScoreHistory electric_energy;               ///< [K]
  std::vector<double> cloud_time;             ///< [F]
  ScoreHistory sinkhorn;                      ///< [F]
  ScoreHistory sliced_w2;                     ///< [F]
};

struct Evaluation {
  EvaluateOptions options;
  std::string floor;           ///< where the floor comes from, in words; empty: none
  std::int64_t particles = 0;  ///< of the rollout
  std::vector<EvaluationAtMu> per_mu;
  Scores mean;                        ///< over mu; absent when one mu lacks the value
  std::vector<std::string> warnings;  ///< extrapolation, missing baselines, coarse times
};

/// Compares every mu of the rollout with the reference's run at the same mu (within 1e-9). The problem that made the
/// reference provides the electric energy and the floor run; files of unknown origin are compared as clouds only.
/// Checks every file before computing; a generated floor lives in a temporary file beside the rollout until the end.
/// @throws FileError if a file is unusable, the reference lacks a mu or a time of the rollout, or states differ;
///         UsageError for a bad option; Interrupted when the user asks to stop.
[[nodiscard]] Evaluation evaluate(const EvaluateOptions& options, const ProgressObserver& observer);

/// The same with a given problem in place of the one that made the reference; null: unknown origin.
[[nodiscard]] Evaluation evaluate(const EvaluateOptions& options, const problems::Problem* problem,
                                  const ProgressObserver& observer);

/// One JSON object; its keys are listed in this folder's README.
[[nodiscard]] std::string to_json(const Evaluation& evaluation);

/// Aligned text: one row per mu, the mean, warnings, and one line that says what the numbers mean.
[[nodiscard]] std::string to_table(const Evaluation& evaluation);

}  // namespace scorefield::metrics
