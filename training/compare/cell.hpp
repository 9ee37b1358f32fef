#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/metrics/scores.hpp"

namespace scorefield::compare {

/// q(t) of a potential that is known (closed_form.hpp), exact and learned.
struct Integrand {
  std::vector<double> time, exact, learned;  ///< [K]
};

/// The same model's rollouts held to observables of the training runs (infer.guide).
struct GuidedRollouts {
  std::string guide;                        ///< "modes" or "moments"
  std::optional<double> inference_seconds;  ///< per mu
  metrics::Scores mean;                     ///< over test mu
};

/// One (problem, method, seed) of an experiment: what it was told, and what came out. What was not measured is absent.
struct Cell {
  std::string problem, method;
  std::int64_t seed = 0;
  std::string options;               ///< all that makes it another computation, as one line of JSON
  std::optional<std::string> error;  ///< why it failed; absent: it is done

  std::optional<double> training_seconds, steps, step_milliseconds, parameters, validation_loss;
  std::optional<double> loss_at_end, loss_deviation, gradient_noise;  ///< over batches at the trained weights
  std::optional<double> drift_error, integrand_error;                 ///< where the potential is known
  std::optional<double> inference_seconds, high_fidelity_seconds, coarse_seconds;  ///< per mu
  std::optional<double> all_frames_seconds;     ///< of one rollout with every frame of the data
  std::optional<double> solver_frames_seconds;  ///< of the (coarse) solver with as many particles and frames
  std::optional<double> speed_up;               ///< ratio of the last two
  std::optional<double> worst_to_nearest, worst_to_runs, to_floor;  ///< standing.hpp
  bool conditional = false;                                         ///< every frame is sampled afresh
  bool snapshots = false;                                           ///< trained with batch.identity = ignore
  std::optional<Integrand> integrand;

  metrics::Scores mean;  ///< over test mu
  std::vector<metrics::ScoresAtMu> per_mu;
  std::optional<GuidedRollouts> guided;  ///< of models that move populations, unless the method guides them itself

  [[nodiscard]] bool done() const { return !error.has_value(); }
};

/// A number of a cell. Files and tables walk the table of them.
struct Figure {
  const char* key;    ///< in files
  const char* title;  ///< of its column in the Markdown table; null: not there
  std::optional<double> Cell::*value;
  bool whole = false;  ///< a count
};
/// How a method stands beside its baselines and the closed form, and what it costs.
[[nodiscard]] std::span<const Figure> quality_figures();
[[nodiscard]] std::span<const Figure> cost_figures();

[[nodiscard]] nlohmann::json to_json(const Cell& cell);
/// A cell as to_json wrote it. @throws nlohmann::json::exception for anything else
[[nodiscard]] Cell read_cell(const nlohmann::json& object);

}  // namespace scorefield::compare
