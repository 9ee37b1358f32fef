#include "training/metrics/scores_json.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "training/metrics/metric.hpp"

namespace scorefield::metrics {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(Shown shown) {
  return shown == Shown::everywhere ? "everywhere" : shown == Shown::tables ? "tables" : "evaluation";
}

std::optional<bool> read_switch(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

}  // namespace

void add_scores(Json& object, const Scores& scores) {
  for (const Metric& metric : metrics())
    scores[metric].for_each(
        [&](const std::optional<double>& value, const Source& source) {
          if (value) object[metric.key_of(source)] = *value;
        },
        kSources);
}

Scores read_scores(const nlohmann::json& object) {
  Scores scores;
  for (const Metric& metric : metrics())
    kSources.for_each(
        [&](const Source& source, std::optional<double>& value) {
          const auto found = object.find(metric.key_of(source));
          if (found != object.end() && found->is_number()) value = found->get<double>();
        },
        scores[metric]);
  return scores;
}

Json to_json(const ScoresAtMu& at) {
  Json object{{"mu", at.mu}};
  if (at.inside_training_range) object["inside_training_range"] = *at.inside_training_range;
  if (at.is_training_mu) object["is_training_mu"] = *at.is_training_mu;
  add_scores(object, at.scores);
  return object;
}

ScoresAtMu read_scores_at_mu(const nlohmann::json& object) {
  ScoresAtMu at;
  if (const auto mu = object.find("mu"); mu != object.end()) at.mu = mu->get<std::vector<double>>();
  at.inside_training_range = read_switch(object, "inside_training_range");
  at.is_training_mu = read_switch(object, "is_training_mu");
  at.scores = read_scores(object);
  return at;
}

Json describe_metrics() {
  Json table = Json::array();
  for (const Metric& metric : metrics()) {
    Json baselines = Json::object();
    kSources.for_each(
        [&](const Source& source, const bool& has) {
          if (has && &source != &kSources.prediction) baselines[source.name] = metric.key_of(source);
        },
        metric.sources);
    table.push_back({{"key", metric.key},
                     {"title", metric.title},
                     {"heading", metric.heading},
                     {"unit", metric.unit},
                     {"shown", to_string(metric.shown)},
                     {"baselines", std::move(baselines)}});
  }
  return table;
}

}  // namespace scorefield::metrics
