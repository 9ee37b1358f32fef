#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <span>
#include <string_view>

#include "core/text.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::size_t kLineWidth = 110;

/// A heading and cells below it.
using TextColumn = std::vector<std::string>;

/// Columns of equally many cells side by side: the first to the left, the others to the right.
std::string text_of(const std::vector<TextColumn>& columns) {
  std::vector<std::size_t> widths;
  for (const TextColumn& column : columns) {
    widths.push_back(0);
    for (const auto& cell : column) widths.back() = std::max(widths.back(), cell.size());
  }
  std::string text;
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string& cell = columns[c][row];
      const std::string padding(widths[c] - cell.size(), ' ');
      text += c == 0 ? cell + padding : "  " + padding + cell;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

/// '*' marks a mu that was trained on, '!' one outside the training range.
std::string row_name(const EvaluationAtMu& at) {
  if (at.is_training_mu.value_or(false)) return mu_text(at.mu) + " *";
  if (!at.inside_training_range.value_or(true)) return mu_text(at.mu) + " !";
  return mu_text(at.mu);
}

/// One column for every source of a metric that some mu has: heading, a row per mu, the mean.
void add_columns(const Evaluation& evaluation, const Metric& metric, std::vector<TextColumn>& table) {
  Compared<TextColumn> columns;
  kSources.for_each([](const Source& source, TextColumn& column) { column.emplace_back(source.heading); }, columns);
  if (!metric.relative()) columns.prediction.front() = metric.heading;
  if (guides(evaluation.guide, metric)) columns.prediction.front() += " (guides)";
  if (table.size() > 1) columns.prediction.front().insert(0, "| ");
  const auto add_row = [&](const Scores& scores) {
    scores[metric].for_each([](const std::optional<double>& value,
                               TextColumn& column) { column.push_back(value ? number_text(*value) : "-"); },
                            columns);
  };
  for (const EvaluationAtMu& at : evaluation.per_mu) add_row(at.scores);
  add_row(evaluation.mean);
  columns.for_each([&table](const TextColumn& column) {
    if (std::any_of(column.begin() + 1, column.end(), [](const std::string& cell) { return cell != "-"; }))
      table.push_back(column);
  });
}

/// A block for some metrics of one group side by side; empty when no mu has any.
std::string block(const Evaluation& evaluation, std::span<const Metric* const> shown) {
  const auto& parameters = evaluation.parameters;
  TextColumn names{parameters.size() > 1 ? "(" + comma_joined(parameters) + ")" : "mu"};
  for (const EvaluationAtMu& at : evaluation.per_mu) names.push_back(row_name(at));
  names.emplace_back("mean");
  std::vector<TextColumn> table{names};
  std::string title(shown.front()->group);
  const char* separator = ": ";
  for (const Metric* metric : shown) {
    title += separator + std::string(metric->meaning);
    if (metric->setting != nullptr) title += " (" + metric->setting(evaluation.request.options) + ")";
    separator = " | ";
    add_columns(evaluation, *metric, table);
  }
  return table.size() > 1 ? title + "\n" + text_of(table) + "\n" : "";
}

std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    width = std::max(width, end - begin);
    begin = end + 1;
  }
  return width;
}

/// The metrics of one group, side by side as far as they fit into a line.
std::string blocks(const Evaluation& evaluation, std::string_view group) {
  std::vector<const Metric*> shown;
  for (const Metric& metric : metrics())
    if (metric.group == group) shown.push_back(&metric);
  std::string text = block(evaluation, shown);
  if (width_of(text) <= kLineWidth) return text;
  text.clear();
  for (const Metric* metric : shown) text += block(evaluation, {&metric, 1});
  return text;
}

/// Who is closest to the truth, metric by metric, whether or not it is the prediction; empty without baselines.
std::string best_of_all(const Scores& mean) {
  std::vector<TextColumn> table{{"Best of all, mean over mu"}, {"by"}, {"error"}, {"the rollout's"}};
  for (const Metric& metric : metrics()) {
    const Score& score = mean[metric];
    const auto best = best_of(score);
    if (!best || !score.prediction) continue;
    table[0].emplace_back(metric.title);
    table[1].emplace_back(best->source->words);
    table[2].push_back(number_text(best->error));
    table[3].push_back(number_text(*score.prediction));
  }
  return table[0].size() > 1 ? text_of(table) + "\n" : "";
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
  const Metric* metric = main_metric(mean);
  if (metric == nullptr) return "";
  const Score& score = mean[*metric];
  std::string text = std::string(metric->title) + " error " + number_text(*score.prediction) + " (mean over mu)";
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  const char* separator = ": ";
  const auto compare = [&](const std::optional<double>& baseline, const Source& source) {
    if (!baseline) return;
    text += separator + relation(*score.prediction, *baseline, source.words);
    separator = ", ";
  };
  score.for_each(
      [&](const std::optional<double>& value, const Source& source) {
        if (&source != &kSources.prediction && source.competes) compare(value, source);
      },
      kSources);
  compare(score.floor, kSources.floor);
  compare(score.halves, kSources.halves);
  text += ".\n";
  if (const auto best = best_of(score); best && best->source != &kSources.prediction)
    text += "Closer to the truth than the prediction: " + std::string(best->source->words) + ".\n";
  return text;
}

/// Which sources some metric has at some mu.
Compared<bool> sources_of(const Evaluation& evaluation) {
  Compared<bool> there;
  for (const EvaluationAtMu& at : evaluation.per_mu)
    for (const Metric& metric : metrics())
      at.scores[metric].for_each(
          [](const std::optional<double>& value, bool& found) { found = found || value.has_value(); }, there);
  return there;
}

std::string legend(const Evaluation& evaluation) {
  const auto any = [&](const auto& holds) {
    return std::any_of(evaluation.per_mu.begin(), evaluation.per_mu.end(), holds);
  };
  std::string text;
  const Compared<bool> sources = sources_of(evaluation);
  kSources.for_each(
      [&](const Source& source, const bool& there) {
        if (!there || &source == &kSources.prediction) return;
        const bool floor = &source == &kSources.floor;
        text +=
            std::string(source.heading) + ": " + source.meaning + (floor ? " (" + evaluation.floor + ")" : "") + ". ";
      },
      sources);
  if (!evaluation.guide.empty())
    text += "(guides): what the rollout was held to by infer.guide=" + evaluation.guide + "; no test of the model. ";
  if (any([](const EvaluationAtMu& at) { return at.is_training_mu.value_or(false); })) text += "*: a training mu. ";
  if (any([](const EvaluationAtMu& at) { return !at.inside_training_range.value_or(true); }))
    text += "!: outside the training range. ";
  if (!evaluation.left_out.empty())
    text += "The run at " + tuples_text(evaluation.left_out) + " of " + evaluation.request.training_path +
            " was left out of the training and of the baselines. ";
  if (text.empty()) return text;
  text.back() = '\n';
  return text;
}

}  // namespace

std::string to_table(const Evaluation& evaluation) {
  std::string text;
  std::string_view group;
  for (const Metric& metric : metrics()) {
    if (metric.group == group) continue;
    group = metric.group;
    text += blocks(evaluation, group);
  }
  text += best_of_all(evaluation.mean) + legend(evaluation);
  for (const std::string& warning : evaluation.warnings) text += "warning: " + warning + "\n";
  return text + reading(evaluation.mean);
}

}  // namespace scorefield::metrics
