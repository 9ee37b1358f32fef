#include "training/compare/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "training/compare/standing.hpp"
#include "training/metrics/metric.hpp"

namespace scorefield::compare {
namespace {

using Value = std::optional<double>;

/// A column of a table: where its number is in a cell.
struct Column {
  std::string title;
  std::function<Value(const Cell&)> value;
  std::function<Value(const GuidedRollouts&)> guided = {};  ///< the same of the guided rollouts, where they have it
  const metrics::Metric* metric = nullptr;                  ///< of a metric
  /// Baselines beside it, where it has any.
  std::function<metrics::Compared<Value>(const Cell&)> baselines = {};
};

Column column_of(const metrics::Metric& metric) {
  return {metric.heading, [&metric](const Cell& cell) { return cell.mean[metric].prediction; },
          [&metric](const GuidedRollouts& guided) { return guided.mean[metric].prediction; }, &metric,
          [&metric](const Cell& cell) { return static_cast<metrics::Compared<Value>>(cell.mean[metric]); }};
}

/// The largest main error, beside the means.
Column worst_column() {
  return {.title = "worst error",
          .value = [](const Cell& cell) { return worst_errors(cell).prediction; },
          .baselines = worst_errors};
}

Column column_of(const Figure& figure) {
  Column column{figure.title, [&figure](const Cell& cell) { return cell.*figure.value; }};
  if (figure.value == &Cell::inference_seconds)
    column.guided = [](const GuidedRollouts& guided) { return guided.inference_seconds; };
  return column;
}

/// Errors, how they stand, distances, costs.
std::vector<Column> all_columns() {
  std::vector<Column> columns;
  const auto add_metrics = [&](bool relative) {
    for (const auto& metric : metrics::metrics())
      if (metric.shown != metrics::Shown::evaluation && metric.relative() == relative)
        columns.push_back(column_of(metric));
  };
  const auto add_figures = [&](std::span<const Figure> figures) {
    for (const Figure& figure : figures)
      if (figure.title != nullptr) columns.push_back(column_of(figure));
  };
  add_metrics(true);
  columns.push_back(worst_column());
  add_figures(quality_figures());
  add_metrics(false);
  add_figures(cost_figures());
  return columns;
}

/// "mean +- deviation" over those that are there; empty when none is.
std::string summarise(const std::vector<Value>& found) {
  std::vector<double> values;
  for (const Value& value : found)
    if (value) values.push_back(*value);
  if (values.empty()) return "";
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  std::string text = number_text(mean);
  if (values.size() > 1) text += " ± " + number_text(std::sqrt(squares / static_cast<double>(values.size() - 1)));
  return text;
}

std::string summarise(const std::vector<const Cell*>& cells, const Column& column) {
  std::vector<Value> values;
  for (const Cell* cell : cells) values.push_back(column.value(*cell));
  return summarise(values);
}

std::string row_text(const std::string& name, const std::vector<std::string>& values) {
  std::string text = "| " + name;
  for (const auto& value : values) text += " | " + value;
  return text + " |\n";
}

/// The rows of the baselines, the same for every method of a problem.
std::string baseline_rows(const Cell& cell, const std::vector<Column>& columns) {
  metrics::Compared<std::vector<std::string>> rows;
  for (const Column& column : columns)
    (column.baselines ? column.baselines(cell) : metrics::Compared<Value>{})
        .for_each([](const Value& value, std::vector<std::string>& row) { row.push_back(summarise({value})); }, rows);
  std::string text;
  rows.for_each(
      [&](const std::vector<std::string>& row, const metrics::Source& source) {
        const bool any = std::any_of(row.begin(), row.end(), [](const std::string& cell) { return !cell.empty(); });
        if (any && &source != &metrics::kSources.prediction)
          text += row_text(std::string("*").append(source.name).append("*"), row);
      },
      metrics::kSources);
  return text;
}

/// Who is closest to the truth, by name, in every column that has baselines: a method, by its mean over seeds, or one
/// of the baselines that compete.
std::string closest_row(const std::vector<const Cell*>& done, const std::vector<Column>& columns) {
  std::map<std::string, std::vector<const Cell*>> methods;
  for (const Cell* cell : done) methods[cell->method].push_back(cell);
  std::vector<std::string> names;
  for (const Column& column : columns) {
    std::string& name = names.emplace_back();
    if (!column.baselines) continue;
    Value least;
    const auto offer = [&](const Value& value, const std::string& whose) {
      if (!value || (least && *least <= *value)) return;
      least = value;
      name = whose;
    };
    for (const auto& [method, cells] : methods) {
      double sum = 0;
      bool all = true;
      for (const Cell* cell : cells) {
        const Value value = column.value(*cell);
        all = all && value.has_value();
        sum += value.value_or(0);
      }
      if (all) offer(sum / static_cast<double>(cells.size()), method);
    }
    column.baselines(*done.front())
        .for_each(
            [&](const Value& value, const metrics::Source& source) {
              if (source.competes && &source != &metrics::kSources.prediction)
                offer(value, std::string("*").append(source.name).append("*"));
            },
            metrics::kSources);
  }
  return row_text("**closest**", names);
}

/// The row of a method's guided rollouts; empty without them. What guides is in italics.
std::string guided_row(const std::string& method, const std::vector<const Cell*>& cells,
                       const std::vector<Column>& columns) {
  std::string guide;
  std::vector<std::string> values;
  for (const Column& column : columns) {
    std::vector<Value> found;
    for (const Cell* cell : cells) {
      if (!cell->guided) continue;
      guide = cell->guided->guide;
      if (column.guided) found.push_back(column.guided(*cell->guided));
    }
    values.push_back(summarise(found));
    if (column.metric != nullptr && metrics::guides(guide, *column.metric) && !values.back().empty())
      values.back() = "*" + values.back() + "*";
  }
  return guide.empty() ? "" : row_text(method + ", guided by " + guide, values);
}

/// The table of one problem. Columns that no cell has are left out.
std::string problem_table(const std::string& problem, const std::vector<Cell>& cells) {
  std::vector<const Cell*> done;
  for (const Cell& cell : cells)
    if (cell.problem == problem && cell.done()) done.push_back(&cell);
  std::string text = "\n## " + problem + "\n\n";
  if (done.empty()) return text + "No cell has finished.\n";
  std::vector<Column> columns;
  std::vector<std::string> titles, rules;
  for (const Column& column : all_columns()) {
    if (summarise(done, column).empty()) continue;
    columns.push_back(column);
    titles.push_back(column.title);
    rules.emplace_back("---:");
  }
  text += row_text("method", titles) + row_text("---", rules) + baseline_rows(*done.front(), columns);
  for (const auto& method : methods_of(cells)) {
    std::vector<const Cell*> of_method;
    for (const Cell* cell : done)
      if (cell->method == method) of_method.push_back(cell);
    if (of_method.empty()) continue;
    std::vector<std::string> values;
    for (const Column& column : columns) values.push_back(summarise(of_method, column));
    const bool snapshots = std::any_of(of_method.begin(), of_method.end(), [](auto* cell) { return cell->snapshots; });
    text += row_text(method + (snapshots ? ", snapshots" : ""), values) + guided_row(method, of_method, columns);
  }
  return text + closest_row(done, columns);
}

std::vector<std::string> distinct(const std::vector<Cell>& cells, std::string Cell::*name) {
  std::vector<std::string> names;
  for (const Cell& cell : cells)
    if (std::find(names.begin(), names.end(), cell.*name) == names.end()) names.push_back(cell.*name);
  return names;
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, 1, '"');
  return '"' + text + '"';
}

/// The numbers of a JSON object by key, as texts.
std::map<std::string, std::string> numbers_of(const nlohmann::json& object) {
  std::map<std::string, std::string> numbers;
  for (const auto& [key, value] : object.items())
    if (value.is_number() && key != "seed") numbers[key] = value.dump();
  return numbers;
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7) std::snprintf(text, sizeof text, "%.0f", value);
  else std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::vector<std::string> problems_of(const std::vector<Cell>& cells) { return distinct(cells, &Cell::problem); }
std::vector<std::string> methods_of(const std::vector<Cell>& cells) { return distinct(cells, &Cell::method); }

std::string to_csv(const std::vector<Cell>& cells) {
  std::vector<std::map<std::string, std::string>> means, figures;
  std::set<std::string> mean_keys, figure_keys;
  for (const Cell& cell : cells) {
    const auto object = to_json(cell);
    means.push_back(numbers_of(object.value("mean", nlohmann::json::object())));
    figures.push_back(numbers_of(object));
    for (const auto& [key, number] : means.back()) mean_keys.insert(key);
    for (const auto& [key, number] : figures.back()) figure_keys.insert(key);
  }
  std::string text = "problem,method,seed,status";
  for (const auto& key : mean_keys) text += "," + key;
  for (const auto& key : figure_keys) text += "," + key;
  text += ",error\n";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    text +=
        cell.problem + "," + cell.method + "," + std::to_string(cell.seed) + "," + (cell.done() ? "done" : "failed");
    for (const auto& key : mean_keys) text += "," + means[i][key];
    for (const auto& key : figure_keys) text += "," + figures[i][key];
    text += "," + (cell.done() ? "" : quoted(*cell.error)) + "\n";
  }
  return text;
}

std::string to_markdown(const std::string& name, const std::string& summary, const std::vector<Cell>& cells) {
  std::string text = "# " + name + "\n";
  if (!summary.empty()) text += "\n" + summary + "\n";
  text +=
      "\nMeans over the test mu and, with their deviation, over seeds. floor: an independent run of the solver; "
      "nearest: the "
      "training run of the nearest mu; interpolated and cubic: the training runs' E(t) or moments, linear and cubic in "
      "mu; mixture: particles of the "
      "training runs around mu. worst / "
      "nearest: largest ratio "
      "of the main error (E, or moments without a field) to that of the nearest run, over test mu; worst error: the "
      "largest main error over test mu; worst / best of runs: the largest "
      "ratio to whatever of nearest, interpolated, cubic and mixture is best at that mu; / floor: its mean "
      "over the floor's; closest: the method, by its mean over seeds, or the baseline with the least error, unguided; "
      "guided: the same model held to observables of the training runs (infer.guide), in italics the "
      "errors of what guides, which are no test of the model; snapshots: particles were not followed in training "
      "(batch.identity = ignore); all "
      "frames: one rollout at one mu with every frame of the data (the first seed's, timing_particles particles).\n";
  for (const auto& problem : problems_of(cells)) text += problem_table(problem, cells);
  text += standing_table(cells);
  bool first = true;
  for (const Cell& cell : cells) {
    if (cell.done()) continue;
    if (first) text += "\n## Failed cells\n\n";
    first = false;
    text +=
        "- " + cell.problem + ", " + cell.method + ", seed " + std::to_string(cell.seed) + ": " + *cell.error + "\n";
  }
  return text;
}

}  // namespace scorefield::compare
