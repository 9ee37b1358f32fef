#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "training/metrics/evaluation.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {
namespace {

using Json = nlohmann::ordered_json;

// The keys of the public contract, in the order of Compared: prediction, floor, nearest, interpolated.
struct MetricKeys {
  Score Scores::*metric;
  Compared<const char*> keys;
};
const MetricKeys kMetricKeys[] = {
    {&Scores::electric_energy_error,
     {"electric_energy_error", "electric_energy_floor", "electric_energy_nearest", "electric_energy_interpolated"}},
    {&Scores::electric_energy_error_frames,
     {"electric_energy_error_frames", "electric_energy_floor_frames", "electric_energy_nearest_frames",
      "electric_energy_interpolated_frames"}},
    {&Scores::sinkhorn, {"sinkhorn", "sinkhorn_floor", "sinkhorn_nearest", "sinkhorn_interpolated"}},
    {&Scores::sliced_w2, {"sliced_w2", "sliced_w2_floor", "sliced_w2_nearest", "sliced_w2_interpolated"}},
    {&Scores::moments_error, {"moments_error", "moments_floor", "moments_nearest", "moments_interpolated"}},
    {&Scores::covariance_error,
     {"covariance_error", "covariance_floor", "covariance_nearest", "covariance_interpolated"}}};
const Compared<const char*> kSourceNames{"prediction", "floor", "nearest", "interpolated"};

void add_scores(Json& object, const Scores& scores) {
  for (const MetricKeys& entry : kMetricKeys) {
    (scores.*entry.metric)
        .for_each(
            [&object](const std::optional<double>& value, const char* key) {
              if (value) object[key] = *value;
            },
            entry.keys);
  }
}

void add_history(Json& object, const ScoreHistory& history) {
  history.for_each(
      [&object](const std::vector<double>& values, const char* name) {
        if (!values.empty()) object[name] = values;
      },
      kSourceNames);
}

Json json_of(const EvaluationAtMu& at) {
  Json object{{"mu", at.mu}};
  if (at.inside_training_range) object["inside_training_range"] = *at.inside_training_range;
  if (at.is_training_mu) object["is_training_mu"] = *at.is_training_mu;
  if (!at.nearest_mu.empty()) object["nearest_mu"] = at.nearest_mu;
  object["coordinate_scales"] = at.coordinate_scales;
  add_scores(object, at.scores);
  object["time"] = at.time;
  if (!at.electric_energy_truth.empty()) {
    object["electric_energy"]["truth"] = at.electric_energy_truth;
    add_history(object["electric_energy"], at.electric_energy);
  }
  object["clouds"]["time"] = at.cloud_time;
  add_history(object["clouds"]["sinkhorn"], at.sinkhorn);
  add_history(object["clouds"]["sliced_w2"], at.sliced_w2);
  return object;
}

/// Rows of text cells under their headings: the first column to the left, the others to the right.
class TextTable {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] std::string text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
      for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
    std::string text;
    for (const auto& row : rows_) {
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string padding(widths[c] - row[c].size(), ' ');
        text += c == 0 ? row[c] + padding : "  " + padding + row[c];
      }
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n';
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

struct Column {
  std::string heading;
  Score Scores::*metric;
  std::optional<double> Score::*source;
};

std::string cell(const Scores& scores, const Column& column) {
  const std::optional<double>& value = scores.*column.metric.*column.source;
  return value ? number_text(*value) : "-";
}

/// '*' marks a mu that was trained on, '!' one outside the training range.
std::string row_name(const EvaluationAtMu& at) {
  if (at.is_training_mu.value_or(false)) return mu_text(at.mu) + " *";
  if (!at.inside_training_range.value_or(true)) return mu_text(at.mu) + " !";
  return mu_text(at.mu);
}

/// One block of the report; empty when no mu has the metric.
std::string block(const Evaluation& evaluation, const std::string& title, const std::vector<Column>& wanted) {
  std::vector<Column> columns;
  for (const Column& column : wanted) {
    const bool known = std::any_of(evaluation.per_mu.begin(), evaluation.per_mu.end(), [&](const EvaluationAtMu& at) {
      return (at.scores.*column.metric.*column.source).has_value();
    });
    if (known) columns.push_back(column);
  }
  if (columns.empty()) return "";
  TextTable table;
  const auto add_row = [&](const std::string& name, const auto& cell_of) {
    std::vector<std::string> row{name};
    for (const Column& column : columns) row.push_back(cell_of(column));
    table.add(std::move(row));
  };
  add_row("mu", [](const Column& column) { return column.heading; });
  for (const EvaluationAtMu& at : evaluation.per_mu)
    add_row(row_name(at), [&](const Column& column) { return cell(at.scores, column); });
  add_row("mean", [&](const Column& column) { return cell(evaluation.mean, column); });
  return title + "\n" + table.text() + "\n";
}

/// "2.1 x below the nearest training run": how a baseline stands to the prediction.
std::string relation(double prediction, double baseline, const std::string& name) {
  const bool below = prediction < baseline;
  const double ratio = below ? baseline / prediction : prediction / baseline;
  if (!std::isfinite(ratio)) return (below ? "exact, unlike " : "not exact, unlike ") + name;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g x ", ratio);
  return buffer + std::string(below ? "below " : "above ") + name;
}

std::string reading(const Scores& mean) {
  const bool energy = mean.electric_energy_error.prediction.has_value();
  const Score& score = energy ? mean.electric_energy_error : mean.moments_error;
  if (!score.prediction) return "";
  std::string text = (energy ? "Electric energy, relative L2 error " : "Moments, relative L2 error ") +
                     number_text(*score.prediction) + " (mean over mu)";
  const char* separator = ": ";
  const auto compare = [&](const std::optional<double>& baseline, const char* name) {
    if (!baseline) return;
    text += separator + relation(*score.prediction, *baseline, name);
    separator = ", ";
  };
  compare(score.nearest, "the nearest training run");
  compare(score.interpolated, "interpolation in mu");
  compare(score.floor, "the floor");
  return text + ".\n";
}

std::string legend(const Evaluation& evaluation) {
  const auto any = [&](const auto& holds) {
    return std::any_of(evaluation.per_mu.begin(), evaluation.per_mu.end(), holds);
  };
  std::string text;
  if (!evaluation.floor.empty()) text += "floor: an independent high-fidelity run (" + evaluation.floor + "). ";
  if (!evaluation.options.training.empty())
    text += "nearest: the training run of the nearest mu, copied. interp.: training histories, linear in mu. ";
  if (any([](const EvaluationAtMu& at) { return at.is_training_mu.value_or(false); })) text += "*: a training mu. ";
  if (any([](const EvaluationAtMu& at) { return !at.inside_training_range.value_or(true); }))
    text += "!: outside the training range. ";
  if (text.empty()) return text;
  text.back() = '\n';
  return text;
}

}  // namespace

std::string to_json(const Evaluation& evaluation) {
  const EvaluateOptions& options = evaluation.options;
  Json object{{"rollout", options.rollout}, {"reference", options.reference}};
  if (!options.training.empty()) object["training"] = options.training;
  if (!evaluation.floor.empty()) object["floor"] = evaluation.floor;
  object["particles"] = evaluation.particles;
  object["points"] = options.points;
  object["projections"] = options.projections;
  object["sinkhorn_epsilon"] = options.epsilon;
  object["seed"] = options.seed;
  object["warnings"] = evaluation.warnings;
  object["per_mu"] = Json::array();
  for (const EvaluationAtMu& at : evaluation.per_mu) object["per_mu"].push_back(json_of(at));
  object["mean"] = Json::object();
  add_scores(object["mean"], evaluation.mean);
  return object.dump(1);
}

std::string to_table(const Evaluation& evaluation) {
  const auto l2 = &Scores::electric_energy_error;
  const auto frames = &Scores::electric_energy_error_frames;
  std::string text =
      block(evaluation, "Electric energy: relative L2 over time | mean over frames above 5 % of the peak",
            {{"error", l2, &Score::prediction},
             {"floor", l2, &Score::floor},
             {"nearest", l2, &Score::nearest},
             {"interp.", l2, &Score::interpolated},
             {"| error", frames, &Score::prediction},
             {"floor", frames, &Score::floor},
             {"nearest", frames, &Score::nearest},
             {"interp.", frames, &Score::interpolated}});
  text += block(evaluation,
                "Phase space, mean over frames: Sinkhorn divergence (epsilon " +
                    number_text(evaluation.options.epsilon) + ") | sliced W2",
                {{"sinkhorn", &Scores::sinkhorn, &Score::prediction},
                 {"floor", &Scores::sinkhorn, &Score::floor},
                 {"nearest", &Scores::sinkhorn, &Score::nearest},
                 {"| sliced W2", &Scores::sliced_w2, &Score::prediction},
                 {"floor", &Scores::sliced_w2, &Score::floor},
                 {"nearest", &Scores::sliced_w2, &Score::nearest}});
  const auto moments = &Scores::moments_error;
  const auto covariance = &Scores::covariance_error;
  text += block(evaluation, "Moments, relative L2 over frames: mean and deviation of every coordinate | covariance",
                {{"error", moments, &Score::prediction},
                 {"floor", moments, &Score::floor},
                 {"nearest", moments, &Score::nearest},
                 {"interp.", moments, &Score::interpolated},
                 {"| error", covariance, &Score::prediction},
                 {"floor", covariance, &Score::floor},
                 {"nearest", covariance, &Score::nearest},
                 {"interp.", covariance, &Score::interpolated}});
  text += legend(evaluation);
  for (const std::string& warning : evaluation.warnings) text += "warning: " + warning + "\n";
  return text + reading(evaluation.mean);
}

}  // namespace scorefield::metrics
