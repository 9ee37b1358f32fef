#include "training/compare/standing.hpp"

#include <algorithm>

#include "training/compare/table.hpp"
#include "training/metrics/metric.hpp"

namespace scorefield::compare {
namespace {

/// The largest over seeds; absent when one lacks it.
std::optional<double> largest(const std::vector<Standing>& seeds, std::optional<double> Standing::*value) {
  std::optional<double> result;
  for (const auto& seed : seeds) {
    if (!(seed.*value)) return std::nullopt;
    result = std::max(result.value_or(*(seed.*value)), *(seed.*value));
  }
  return result;
}

std::optional<double> mean_of(const std::vector<Standing>& seeds, std::optional<double> Standing::*value) {
  double sum = 0;
  for (const auto& seed : seeds) {
    if (!(seed.*value)) return std::nullopt;
    sum += *(seed.*value) / static_cast<double>(seeds.size());
  }
  return sum;
}

/// All finished seeds of one method on one problem.
struct Candidate {
  std::string method;
  std::vector<Standing> seeds;
  double mean = 0, inference = 0;
  std::optional<double> all_frames{};  ///< seconds, where they were measured
  bool conditional = false;            ///< its frames are sampled afresh
};

Candidate candidate_of(const std::string& problem, const std::string& method, const std::vector<Cell>& cells) {
  Candidate candidate{method, {}, 0, 0};
  for (const Cell& cell : cells) {
    if (!cell.done() || cell.problem != problem || cell.method != method) continue;
    candidate.conditional = candidate.conditional || cell.conditional;
    const auto standing = standing_of(cell);
    if (!standing) continue;
    candidate.seeds.push_back(*standing);
    candidate.mean += standing->mean;
    if (cell.all_frames_seconds) candidate.all_frames = cell.all_frames_seconds;
    candidate.inference += cell.inference_seconds.value_or(0);
  }
  if (candidate.seeds.empty()) return candidate;
  candidate.mean /= static_cast<double>(candidate.seeds.size());
  candidate.inference /= static_cast<double>(candidate.seeds.size());
  return candidate;
}

std::string text_of(const std::optional<double>& value) { return value ? number_text(*value) : "-"; }

/// The method or a baseline, whoever is closest to the truth, and its error.
std::string closest_of(const Candidate& candidate) {
  const Standing& any = candidate.seeds.front();  // baselines are the same for every seed
  if (!any.baseline_error) return "-";
  const bool method = candidate.mean <= *any.baseline_error;
  return method ? candidate.method + " " + number_text(candidate.mean)
                : "*" + any.best_baseline + "* " + number_text(*any.baseline_error);
}

/// How many times longer than `fast`.
std::optional<double> times(const std::optional<double>& slow, const std::optional<double>& fast) {
  return slow && fast && *fast > 0 ? std::optional(*slow / *fast) : std::nullopt;
}

/// The lesser of two that may be absent.
std::optional<double> least(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// One problem's row; empty when no method that moves a population has a main error.
std::string row_of(const std::string& problem, const std::vector<Cell>& cells) {
  std::optional<Candidate> best;
  std::optional<double> conditional, conditional_all;
  for (const auto& method : methods_of(cells)) {
    const auto candidate = candidate_of(problem, method, cells);
    if (candidate.seeds.empty()) continue;
    if (candidate.conditional) {
      conditional = least(conditional, candidate.inference);
      conditional_all = least(conditional_all, candidate.all_frames);
    } else if (!best || candidate.mean < best->mean) {
      best = candidate;
    }
  }
  if (!best) return "";
  return "| " + problem + " | " + text_of(best->seeds.front().nearest_to_floor) + " | " + best->method + " | " +
         number_text(best->mean) + " | " + text_of(largest(best->seeds, &Standing::worst_to_nearest)) + " | " +
         text_of(mean_of(best->seeds, &Standing::to_floor)) + " | " + text_of(times(conditional, best->inference)) +
         " | " + text_of(times(conditional_all, best->all_frames)) + " | " + closest_of(*best) + " |\n";
}

}  // namespace

namespace {

/// Visits the scores of the main metric at the test mu that were not trained on.
template <class Visit>
void for_unseen(const Cell& cell, const Visit& visit) {
  const metrics::Metric* metric = metrics::main_metric(cell.mean);
  if (metric == nullptr) return;
  for (const metrics::ScoresAtMu& at : cell.per_mu)
    if (!at.is_training_mu.value_or(false)) visit(at.scores[*metric]);
}

std::optional<double> worst_to_runs(const Cell& cell) {
  std::optional<double> worst;
  for_unseen(cell, [&](const metrics::Score& score) {
    std::optional<double> best;
    for (const auto* of_runs : {&score.nearest, &score.interpolated, &score.cubic, &score.mixture})
      best = least(best, *of_runs);
    if (score.prediction && best && *best > 0) worst = std::max(worst.value_or(0), *score.prediction / *best);
  });
  return worst;
}

}  // namespace

metrics::Compared<std::optional<double>> worst_errors(const Cell& cell) {
  metrics::Compared<std::optional<double>> worst;
  for_unseen(cell, [&](const metrics::Score& score) {
    score.for_each(
        [](const std::optional<double>& error, std::optional<double>& largest) {
          if (error) largest = std::max(largest.value_or(0), *error);
        },
        worst);
  });
  return worst;
}

std::optional<Standing> standing_of(const Cell& cell) {
  const metrics::Metric* metric = metrics::main_metric(cell.mean);
  if (metric == nullptr) return std::nullopt;
  const metrics::Score& mean = cell.mean[*metric];
  Standing standing{.error = metric->key, .mean = *mean.prediction};
  standing.worst_to_runs = worst_to_runs(cell);
  metrics::Score baselines = mean;
  baselines.prediction.reset();
  if (const auto best = metrics::best_of(baselines)) {
    standing.best_baseline = best->source->name;
    standing.baseline_error = best->error;
  }
  if (mean.floor && *mean.floor > 0) {
    standing.to_floor = *mean.prediction / *mean.floor;
    if (mean.nearest) standing.nearest_to_floor = *mean.nearest / *mean.floor;
  }
  for (const metrics::ScoresAtMu& at : cell.per_mu) {
    const metrics::Score& score = at.scores[*metric];
    if (!score.prediction || !score.nearest || *score.nearest <= 0 || at.is_training_mu.value_or(false)) continue;
    standing.worst_to_nearest = std::max(standing.worst_to_nearest.value_or(0), *score.prediction / *score.nearest);
  }
  return standing;
}

std::string standing_table(const std::vector<Cell>& cells) {
  std::string text;
  for (const auto& problem : problems_of(cells)) text += row_of(problem, cells);
  if (text.empty()) return text;
  return "\n## Standing\n\nMain error: the electric energy's, or the moments' where there is no field. Best: least "
         "mean over seeds of "
         "the methods that move a population. Worst: over seeds and over the test mu that were not trained on.\n\n"
         "| problem | nearest / floor | best method | error | worst error / nearest | error / floor | fastest "
         "conditional: "
         "times its inference | the same with all frames | closest of all |\n| --- | ---: | --- | ---: | ---: | ---: | "
         "---: | ---: | --- |\n" +
         text;
}

}  // namespace scorefield::compare
