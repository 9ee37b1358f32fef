#include "training/compare/cell.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "training/metrics/scores_json.hpp"

namespace scorefield::compare {
namespace {

using nlohmann::json;

constexpr std::array kQuality{Figure{"worst_to_nearest", "worst / nearest", &Cell::worst_to_nearest},
                              Figure{"worst_to_runs", "worst / best of runs", &Cell::worst_to_runs},
                              Figure{"to_floor", "/ floor", &Cell::to_floor},
                              Figure{"drift_error", "drift error", &Cell::drift_error},
                              Figure{"integrand_error", "q(t) error", &Cell::integrand_error}};
constexpr std::array kCost{Figure{"training_seconds", "training s", &Cell::training_seconds},
                           Figure{"steps", "steps", &Cell::steps, true},
                           Figure{"step_milliseconds", nullptr, &Cell::step_milliseconds},
                           Figure{"inference_seconds", "inference s/mu", &Cell::inference_seconds},
                           Figure{"all_frames_seconds", "all frames s", &Cell::all_frames_seconds},
                           Figure{"solver_frames_seconds", "solver, all frames s", &Cell::solver_frames_seconds},
                           Figure{"high_fidelity_seconds", "solver s/mu", &Cell::high_fidelity_seconds},
                           Figure{"coarse_seconds", "coarse solver s/mu", &Cell::coarse_seconds},
                           Figure{"speed_up", "speed-up", &Cell::speed_up},
                           Figure{"validation_loss", nullptr, &Cell::validation_loss},
                           Figure{"loss_at_end", nullptr, &Cell::loss_at_end},
                           Figure{"loss_deviation", "loss deviation", &Cell::loss_deviation},
                           Figure{"gradient_noise", "gradient noise", &Cell::gradient_noise},
                           Figure{"parameters", "parameters", &Cell::parameters, true}};

template <class Visit>
void for_each_figure(Visit&& visit) {
  for (const Figure& figure : kQuality) visit(figure);
  for (const Figure& figure : kCost) visit(figure);
}

json json_of(const GuidedRollouts& guided) {
  nlohmann::ordered_json mean = nlohmann::ordered_json::object();
  metrics::add_scores(mean, guided.mean);
  json object{{"guide", guided.guide}, {"mean", mean}};
  if (guided.inference_seconds) object["inference_seconds"] = *guided.inference_seconds;
  return object;
}

GuidedRollouts read_guided(const json& object) {
  GuidedRollouts guided{object.at("guide"), {}, metrics::read_scores(object.at("mean"))};
  if (const auto found = object.find("inference_seconds"); found != object.end())
    guided.inference_seconds = found->get<double>();
  return guided;
}

json results(const Cell& cell) {
  json object{{"status", "done"}, {"conditional", cell.conditional}, {"snapshots", cell.snapshots}};
  for_each_figure([&](const Figure& figure) {
    const auto& value = cell.*figure.value;
    if (value) object[figure.key] = figure.whole ? json(static_cast<std::int64_t>(*value)) : json(*value);
  });
  if (const auto& q = cell.integrand)
    object["integrand"] = {{"time", q->time}, {"exact", q->exact}, {"learned", q->learned}};
  nlohmann::ordered_json mean = nlohmann::ordered_json::object();
  metrics::add_scores(mean, cell.mean);
  object["mean"] = mean;
  if (cell.guided) object["guided"] = json_of(*cell.guided);
  object["per_mu"] = json::array();
  for (const auto& at : cell.per_mu) object["per_mu"].push_back(json(metrics::to_json(at)));
  return object;
}

}  // namespace

std::span<const Figure> quality_figures() { return kQuality; }
std::span<const Figure> cost_figures() { return kCost; }

json to_json(const Cell& cell) {
  json object = cell.done() ? results(cell) : json{{"status", "failed"}, {"error", *cell.error}};
  object["problem"] = cell.problem;
  object["method"] = cell.method;
  object["seed"] = cell.seed;
  if (!cell.options.empty()) object["options"] = json::parse(cell.options);
  return object;
}

Cell read_cell(const json& object) {
  Cell cell;
  cell.problem = object.at("problem");
  cell.method = object.at("method");
  cell.seed = object.at("seed");
  if (object.contains("options")) cell.options = object.at("options").dump();
  if (object.at("status") != "done") {
    cell.error = object.value("error", "");
    return cell;
  }
  cell.conditional = object.value("conditional", false);
  cell.snapshots = object.value("snapshots", false);
  for_each_figure([&](const Figure& figure) {
    const auto found = object.find(figure.key);
    if (found != object.end() && found->is_number()) cell.*figure.value = found->get<double>();
  });
  if (const auto q = object.find("integrand"); q != object.end())
    cell.integrand = {q->at("time"), q->at("exact"), q->at("learned")};
  cell.mean = metrics::read_scores(object.at("mean"));
  if (const auto guided = object.find("guided"); guided != object.end()) cell.guided = read_guided(*guided);
  for (const auto& at : object.value("per_mu", json::array())) cell.per_mu.push_back(metrics::read_scores_at_mu(at));
  return cell;
}

}  // namespace scorefield::compare
