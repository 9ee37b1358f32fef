#pragma once

#include <nlohmann/json_fwd.hpp>

#include "training/metrics/scores.hpp"

namespace scorefield::metrics {

/// Adds every value that is there under its key (Metric::key_of).
void add_scores(nlohmann::ordered_json& object, const Scores& scores);

/// The same read back; what is not a number is absent.
[[nodiscard]] Scores read_scores(const nlohmann::json& object);

/// {"mu", "inside_training_range", "is_training_mu", scores}, and read back.
[[nodiscard]] nlohmann::ordered_json to_json(const ScoresAtMu& at);
[[nodiscard]] ScoresAtMu read_scores_at_mu(const nlohmann::json& object);

/// The table of metrics: [{"key", "title", "heading", "unit", "shown", "baselines": {name: key}}]. Files that hold
/// scores hold it, too, so that they can be read without this program.
[[nodiscard]] nlohmann::ordered_json describe_metrics();

}  // namespace scorefield::metrics
