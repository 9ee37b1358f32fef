#include <nlohmann/json.hpp>

#include "training/metrics/evaluation.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/scores_json.hpp"

namespace scorefield::metrics {
namespace {

/// The histories that are there, by source.
nlohmann::ordered_json json_of(const ScoreHistory& history) {
  nlohmann::ordered_json object;
  history.for_each(
      [&object](const std::vector<double>& values, const Source& source) {
        if (!values.empty()) object[source.name] = values;
      },
      kSources);
  return object;
}

nlohmann::ordered_json json_of(const EvaluationAtMu& at) {
  auto object = to_json(static_cast<const ScoresAtMu&>(at));
  if (!at.nearest_mu.empty()) object["nearest_mu"] = at.nearest_mu;
  object["coordinate_scales"] = at.coordinate_scales;
  object["time"] = at.time;
  if (!at.electric_energy_truth.empty()) {
    object["electric_energy"]["truth"] = at.electric_energy_truth;
    object["electric_energy"].update(json_of(at.electric_energy));
  }
  object["clouds"]["time"] = at.cloud_time;
  for (const Metric& metric : metrics())
    if (const auto& frames = at.scores[metric].frames; !frames.prediction.empty())
      object["clouds"][metric.key] = json_of(frames);
  return object;
}

}  // namespace

std::string to_json(const Evaluation& evaluation) {
  const EvaluateRequest& request = evaluation.request;
  nlohmann::ordered_json object{{"rollout", request.rollout_path}, {"reference", request.reference_path}};
  if (!request.training_path.empty()) object["training"] = request.training_path;
  if (!evaluation.left_out.empty()) object["left_out"] = evaluation.left_out;
  if (!evaluation.floor.empty()) object["floor"] = evaluation.floor;
  object["parameters"] = evaluation.parameters;
  object["particles"] = evaluation.particles;
  object["points"] = request.options.points;
  object["projections"] = request.options.projections;
  object["sinkhorn_epsilon"] = request.options.epsilon;
  object["seed"] = request.seed;
  if (!evaluation.guide.empty()) {
    object["guide"] = evaluation.guide;
    for (const Metric& metric : metrics())
      if (guides(evaluation.guide, metric)) object["guides"].push_back(metric.key);
  }
  object["warnings"] = evaluation.warnings;
  object["metrics"] = describe_metrics();
  object["per_mu"] = nlohmann::ordered_json::array();
  for (const EvaluationAtMu& at : evaluation.per_mu) object["per_mu"].push_back(json_of(at));
  object["mean"] = nlohmann::ordered_json::object();
  add_scores(object["mean"], evaluation.mean);
  object["best"] = nlohmann::ordered_json::object();
  for (const Metric& metric : metrics())
    if (const auto best = best_of(evaluation.mean[metric])) object["best"][metric.key] = best->source->name;
  if (!request.config_toml.empty()) object["config"] = request.config_toml;
  return object.dump(2);
}

}  // namespace scorefield::metrics
