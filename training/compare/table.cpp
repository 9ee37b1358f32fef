#include "training/compare/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "training/compare/standing.hpp"

namespace scorefield::compare {
namespace {

using nlohmann::json;

/// A column of the Markdown table: where its number is in a cell, and the baselines that go with it.
struct Column {
  const char* title;
  const char* key;
  bool metric;  ///< in "mean", with KEY_floor, KEY_nearest, KEY_interpolated
};
constexpr Column kColumns[] = {{"E error", "electric_energy_error", true},
                               {"moments error", "moments_error", true},
                               {"covariance error", "covariance_error", true},
                               {"worst / nearest", "worst_to_nearest", false},
                               {"/ floor", "to_floor", false},
                               {"drift error", "drift_error", false},
                               {"q(t) error", "integrand_error", false},
                               {"Sinkhorn", "sinkhorn", true},
                               {"sliced W2", "sliced_w2", true},
                               {"training s", "training_seconds", false},
                               {"steps", "steps", false},
                               {"inference s/mu", "inference_seconds", false},
                               {"all frames s", "all_frames_seconds", false},
                               {"solver s/mu", "high_fidelity_seconds", false},
                               {"speed-up", "speed_up", false},
                               {"loss deviation", "loss_deviation", false},
                               {"gradient noise", "gradient_noise", false},
                               {"parameters", "parameters", false}};
constexpr const char* kBaselines[] = {"floor", "nearest", "interpolated"};

/// "electric_energy_error" has baselines "electric_energy_floor", "sinkhorn" has "sinkhorn_floor".
std::string baseline_key(std::string key, const std::string& baseline) {
  if (key.ends_with("_error")) key.resize(key.size() - 6);
  return key + "_" + baseline;
}

const json* find_number(const json& cell, const Column& column, const std::string& key) {
  const json* from = &cell;
  if (column.metric) {
    if (!cell.contains("mean")) return nullptr;
    from = &cell.at("mean");
  }
  const auto found = from->find(key);
  return found != from->end() && found->is_number() ? &*found : nullptr;
}

/// "mean +- deviation" of one column over cells; empty when no cell has it.
std::string summarise(const std::vector<const json*>& cells, const Column& column, const std::string& key) {
  std::vector<double> values;
  for (const json* cell : cells)
    if (const json* value = find_number(*cell, column, key)) values.push_back(value->get<double>());
  if (values.empty()) return "";
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  std::string text = number_text(mean);
  if (values.size() > 1) text += " ± " + number_text(std::sqrt(squares / static_cast<double>(values.size() - 1)));
  return text;
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, 1, '"');
  return '"' + text + '"';
}

std::string row_text(const std::string& name, const std::vector<std::string>& values) {
  std::string text = "| " + name;
  for (const auto& value : values) text += " | " + value;
  return text + " |\n";
}

/// The table of one problem. Columns that no cell has are left out.
std::string problem_table(const std::string& problem, const json& cells) {
  std::vector<const json*> done;
  for (const auto& cell : cells)
    if (cell.at("problem") == problem && cell.at("status") == "done") done.push_back(&cell);
  std::vector<Column> columns;
  for (const auto& column : kColumns)
    if (!summarise(done, column, column.key).empty()) columns.push_back(column);
  std::string text = "\n## " + problem + "\n\n";
  if (done.empty()) return text + "No cell has finished.\n";
  std::vector<std::string> titles, rules;
  for (const auto& column : columns) {
    titles.emplace_back(column.title);
    rules.emplace_back("---:");
  }
  text += row_text("method", titles) + row_text("---", rules);
  for (const char* baseline : kBaselines) {
    std::vector<std::string> values;
    bool any = false;
    for (const auto& column : columns) {
      values.push_back(column.metric ? summarise({done.front()}, column, baseline_key(column.key, baseline)) : "");
      any = any || !values.back().empty();
    }
    if (any) text += row_text(std::string("*").append(baseline).append("*"), values);
  }
  for (const auto& method : distinct(cells, "method")) {
    std::vector<const json*> of_method;
    for (const json* cell : done)
      if (cell->at("method") == method) of_method.push_back(cell);
    if (of_method.empty()) continue;
    std::vector<std::string> values;
    for (const auto& column : columns) values.push_back(summarise(of_method, column, column.key));
    text += row_text(method, values);
  }
  return text;
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7) std::snprintf(text, sizeof text, "%.0f", value);
  else std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::vector<std::string> distinct(const json& cells, const char* key) {
  std::vector<std::string> names;
  for (const auto& cell : cells) {
    const auto name = cell.at(key).get<std::string>();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string to_csv(const json& cells) {
  std::vector<std::string> keys, metrics;
  const auto collect = [](const json& from, std::vector<std::string>& into) {
    for (const auto& [key, value] : from.items())
      if (value.is_number() && key != "seed" && std::find(into.begin(), into.end(), key) == into.end())
        into.push_back(key);
  };
  for (const auto& cell : cells) {
    collect(cell, keys);
    if (cell.contains("mean")) collect(cell.at("mean"), metrics);
  }
  std::string text = "problem,method,seed,status";
  for (const auto& key : metrics) text += "," + key;
  for (const auto& key : keys) text += "," + key;
  text += ",error\n";
  for (const auto& cell : cells) {
    text += cell.at("problem").get<std::string>();
    const auto field = [&](const std::string& value) { text.append(",").append(value); };
    const auto number_field = [&](const json& from, const std::string& key) {
      field(from.contains(key) ? from.at(key).dump() : std::string());
    };
    field(cell.at("method").get<std::string>());
    field(cell.at("seed").dump());
    field(cell.at("status").get<std::string>());
    for (const auto& key : metrics) number_field(cell.value("mean", json::object()), key);
    for (const auto& key : keys) number_field(cell, key);
    field(cell.contains("error") ? quoted(cell.at("error").get<std::string>()) : std::string());
    text += "\n";
  }
  return text;
}

std::string to_markdown(const std::string& name, const std::string& summary, const json& cells) {
  std::string text = "# " + name + "\n";
  if (!summary.empty()) text += "\n" + summary + "\n";
  text +=
      "\nMeans over the test mu and, with their deviation, over seeds. floor: an independent run of the solver; "
      "nearest: the "
      "training run of the nearest mu; interpolated: the training runs' E(t) or moments, linear in mu. worst / "
      "nearest: largest ratio "
      "of the main error (E, or moments without a field) to that of the nearest run, over test mu; / floor: its mean "
      "over the floor's; all "
      "frames: one rollout at one mu with every frame of the data (the first seed's, timing_particles particles).\n";
  for (const auto& problem : distinct(cells, "problem")) text += problem_table(problem, cells);
  text += standing_table(cells);
  bool first = true;
  for (const auto& cell : cells) {
    if (cell.at("status") == "done") continue;
    if (first) text += "\n## Failed cells\n\n";
    first = false;
    text += "- " + cell.at("problem").get<std::string>() + ", " + cell.at("method").get<std::string>() + ", seed " +
            cell.at("seed").dump() + ": " + cell.at("error").get<std::string>() + "\n";
  }
  return text;
}

}  // namespace scorefield::compare
