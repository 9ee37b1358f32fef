#include "training/compare/standing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "training/compare/table.hpp"

namespace scorefield::compare {
namespace {

using nlohmann::json;

std::optional<double> number_at(const json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

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
};

Candidate candidate_of(const std::string& problem, const std::string& method, const json& cells) {
  Candidate candidate{method, {}, 0, 0};
  for (const auto& cell : cells) {
    if (cell.at("status") != "done" || cell.at("problem") != problem || cell.at("method") != method) continue;
    const auto standing = standing_of(cell);
    if (!standing) continue;
    candidate.seeds.push_back(*standing);
    candidate.mean += standing->mean;
    if (const auto seconds = number_at(cell, "all_frames_seconds")) candidate.all_frames = seconds;
    candidate.inference += number_at(cell, "inference_seconds").value_or(0);
  }
  if (candidate.seeds.empty()) return candidate;
  candidate.mean /= static_cast<double>(candidate.seeds.size());
  candidate.inference /= static_cast<double>(candidate.seeds.size());
  return candidate;
}

std::string text_of(const std::optional<double>& value) { return value ? number_text(*value) : "-"; }

}  // namespace

std::optional<Standing> standing_of(const json& cell) {
  const auto mean = cell.find("mean"), per_mu = cell.find("per_mu");
  if (mean == cell.end() || per_mu == cell.end()) return std::nullopt;
  for (const std::string name : {"electric_energy", "moments"}) {
    const auto error = number_at(*mean, name + "_error");
    if (!error) continue;
    Standing standing{name + "_error", *error, {}, {}, {}};
    const auto floor = number_at(*mean, name + "_floor"), nearest = number_at(*mean, name + "_nearest");
    if (floor && *floor > 0) {
      standing.to_floor = *error / *floor;
      if (nearest) standing.nearest_to_floor = *nearest / *floor;
    }
    for (const auto& at : *per_mu) {
      const auto own = number_at(at, name + "_error"), copied = number_at(at, name + "_nearest");
      if (!own || !copied || *copied <= 0 || at.value("is_training_mu", false)) continue;
      standing.worst_to_nearest = std::max(standing.worst_to_nearest.value_or(0), *own / *copied);
    }
    return standing;
  }
  return std::nullopt;
}

std::string standing_table(const json& cells) {
  std::string text;
  for (const auto& problem : distinct(cells, "problem")) {
    std::optional<Candidate> best;
    std::optional<double> conditional, conditional_all;
    for (const auto& method : distinct(cells, "method")) {
      const auto candidate = candidate_of(problem, method, cells);
      if (candidate.seeds.empty()) continue;
      const bool sampled_afresh = std::any_of(cells.begin(), cells.end(), [&](const json& cell) {
        return cell.at("problem") == problem && cell.at("method") == method && cell.value("conditional", false);
      });
      if (sampled_afresh) {
        conditional = std::min(conditional.value_or(candidate.inference), candidate.inference);
        if (candidate.all_frames)
          conditional_all = std::min(conditional_all.value_or(*candidate.all_frames), *candidate.all_frames);
      } else if (!best || candidate.mean < best->mean) best = candidate;
    }
    if (!best) continue;
    const auto times = [](const std::optional<double>& slow,
                          const std::optional<double>& fast) -> std::optional<double> {
      return slow && fast && *fast > 0 ? std::optional(*slow / *fast) : std::nullopt;
    };
    text += "| " + problem + " | " + text_of(best->seeds.front().nearest_to_floor) + " | " + best->method + " | " +
            number_text(best->mean) + " | " + text_of(largest(best->seeds, &Standing::worst_to_nearest)) + " | " +
            text_of(mean_of(best->seeds, &Standing::to_floor)) + " | " + text_of(times(conditional, best->inference)) +
            " | " + text_of(times(conditional_all, best->all_frames)) + " |\n";
  }
  if (text.empty()) return text;
  return "\n## Standing\n\nMain error: the electric energy's, or the moments' where there is no field. Best: least "
         "mean over seeds of "
         "the methods that move a population. Worst: over seeds and over the test mu that were not trained on.\n\n"
         "| problem | nearest / floor | best method | error | worst error / nearest | error / floor | fastest "
         "conditional: "
         "times its inference | the same with all frames |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n" +
         text;
}

}  // namespace scorefield::compare
