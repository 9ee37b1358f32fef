#include "training/compare/experiment.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "training/compare/section.hpp"

namespace scorefield::compare {
namespace {

/// Root keys of an experiment, or of its [quick] table.
void read_general(const Section& section, Experiment& experiment) {
  std::vector<double> seeds(experiment.seeds.begin(), experiment.seeds.end());
  experiment.seeds.clear();
  for (const double seed : section.numbers("seeds", seeds)) experiment.seeds.push_back(static_cast<std::int64_t>(seed));
  experiment.time_limit = section.duration("time_limit", experiment.time_limit);
  experiment.timing_particles = section.whole("timing_particles", experiment.timing_particles);
  experiment.noise_batches = section.whole("noise_batches", experiment.noise_batches);
  Layers evaluate;
  section.add_layer("evaluate", evaluate);
  OptionSet set;
  metrics::bind(set, experiment.evaluate);
  for (const auto& layer : evaluate) set.load_toml("[evaluate]\n" + layer.text, layer.origin);
}

/// Values of mu and names of the parameters, which the two lists share.
void read_parameters(const Section& section, ProblemPlan& plan) {
  const auto train = section.parameters("train_mu"), test = section.parameters("test_mu");
  plan.train_mu = train.rows;
  plan.test_mu = test.rows;
  plan.parameters = section.text("parameters", comma_joined(train.names.empty() ? test.names : train.names));
  for (const auto& names : {train.names, test.names})
    if (!names.empty() && names != comma_separated(plan.parameters))
      throw UsageError(section.where() + ": the parameters are called " + plan.parameters + " and " +
                       comma_joined(names) + "; 'train_mu', 'test_mu' and 'parameters' have the same ones.");
}

ProblemPlan read_problem(const Section& section, const Layers& shared_data, bool quick) {
  section.allow({"name", "problem", "parameters", "train_mu", "test_mu", "time_limit", "data", "train", "infer",
                 "coarse", "methods", "quick"});
  ProblemPlan plan;
  plan.name = section.text("name", section.text("problem", ""));
  plan.problem = section.text("problem", plan.name);
  if (plan.name.empty()) throw UsageError(section.where() + ": needs a 'name'.");
  read_parameters(section, plan);
  if (!quick) plan.time_limit = section.duration("time_limit", plan.time_limit);
  plan.data = shared_data;
  section.add_layer("data", plan.data);
  section.add_layer("train", plan.train);
  section.add_layer("infer", plan.infer);
  section.add_layer("coarse", plan.coarse);
  if (const auto* methods = section.table("methods"))
    for (const auto& [name, node] : *methods) {
      const std::string key(name.str());
      const std::string where = section.where() + ", [methods." + key + "]";
      if (!node.is_table()) throw UsageError(where + ": must be a table with 'train' or 'infer'.");
      const Section method(*node.as_table(), where);
      method.allow({"train", "infer"});
      method.add_layer("train", plan.methods[key].train);
      method.add_layer("infer", plan.methods[key].infer);
    }
  if (quick) section.add_layer("quick", plan.data);
  if (quick && !plan.coarse.empty()) section.add_layer("quick", plan.coarse);
  return plan;
}

MethodPlan read_method(const Section& section) {
  section.allow({"name", "train", "infer"});
  MethodPlan plan;
  plan.name = section.text("name", "");
  if (plan.name.empty()) throw UsageError(section.where() + ": needs a 'name'.");
  section.add_layer("train", plan.train);
  section.add_layer("infer", plan.infer);
  return plan;
}

/// Names become folders and must tell cells apart.
template <class Plan>
void check_names(const std::vector<Plan>& plans, const std::string& kind, const std::string& origin) {
  if (plans.empty()) throw UsageError(origin + ": has no [[" + kind + "]].");
  std::vector<std::string> seen;
  for (const auto& plan : plans) {
    const bool plain = std::all_of(plan.name.begin(), plan.name.end(),
                                   [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
    if (!plain) throw UsageError(origin + ": the name '" + plan.name + "' may hold letters, digits, '-' and '_' only.");
    if (std::find(seen.begin(), seen.end(), plan.name) != seen.end())
      throw UsageError(origin + ": two [[" + kind + "]] have the name '" + plan.name + "'.");
    seen.push_back(plan.name);
  }
}

void load(OptionSet& set, const Layers& layers) {
  for (const auto& layer : layers) set.load_toml(layer.text, layer.origin);
}

/// Solvers that simulate more particles than they store simulate these alone.
void simulate_stored_ones(OptionSet& set, std::int64_t particles) {
  constexpr const char* kSimulated = "pic.simulated_particles";
  const auto& entries = set.entries();
  if (std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.key == kSimulated; }))
    set.set(kSimulated, std::to_string(particles));
}

}  // namespace

const char* to_string(DataRole role) {
  switch (role) {
    case DataRole::train:
      return "train";
    case DataRole::test:
      return "test";
    case DataRole::floor:
      return "floor";
    case DataRole::coarse:
      return "coarse";
    default:
      return "timing";
  }
}

DataPlan plan_data(const ProblemPlan& plan, DataRole role, std::int64_t particles) {
  DataPlan data;
  data.problem = problems::make_problem(plan.problem);
  std::string command = "generate", device = "cpu", problem = plan.problem;
  data.options.seed = 1 + static_cast<std::int64_t>(role);
  data.options.particles = data.problem->default_particles();
  OptionSet set;
  set.add("command", command, "");
  set.add("device", device, "");
  set.add("seed", data.options.seed, any_number(), "");
  set.add("problem", problem, "");
  problems::bind(set, data.options);
  data.problem->bind(set);
  load(set, plan.data);
  if (role == DataRole::coarse || role == DataRole::timing) {
    load(set, plan.coarse);
    if (particles > 0) data.options.particles = particles;
    simulate_stored_ones(set, data.options.particles);
  }
  if (!plan.parameters.empty()) data.options.parameters = plan.parameters;
  data.options.mu = role == DataRole::train ? plan.train_mu : plan.test_mu;
  if (data.options.mu.empty() && data.options.parameters.empty())
    for (const double mu : role == DataRole::train ? data.problem->training_mu() : data.problem->test_mu())
      data.options.mu.push_back({mu});
  if (role == DataRole::timing && !data.options.mu.empty()) data.options.mu.resize(1);
  data.options = problems::resolved(data.options, *data.problem);
  data.problem->validate(data.options);
  data.options.config = set.to_toml();
  return data;
}

CellPlan plan_cell(const Experiment& experiment, const ProblemPlan& problem, const MethodPlan& method) {
  CellPlan plan;
  OptionSet train, infer;
  const auto found = problem.methods.find(method.name);
  const Overrides own = found == problem.methods.end() ? Overrides{} : found->second;
  training::bind(train, plan.train);
  for (const Layers* layers : {&experiment.train, &problem.train, &method.train, &own.train, &experiment.quick_train})
    load(train, *layers);
  training::validate(plan.train);
  training::bind(infer, plan.infer);
  for (const Layers* layers : {&experiment.infer, &problem.infer, &method.infer, &own.infer, &experiment.quick_infer})
    for (const auto& layer : *layers) infer.load_toml("[infer]\n" + layer.text, layer.origin);
  plan.train_toml = train.to_toml();
  plan.infer_toml = infer.to_toml();
  return plan;
}

Experiment parse_experiment(const std::string& text, const std::string& origin, bool quick) {
  toml::table document;
  try {
    document = toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << error.source().begin;
    throw UsageError(origin + ": not valid TOML: " + std::string(error.description()) + " (" + where.str() + ").");
  }
  const Section root(document, origin);
  const std::vector<std::string> general{"seeds", "time_limit", "noise_batches", "timing_particles",
                                         "data",  "train",      "infer",         "evaluate"};
  auto keys = general;
  keys.insert(keys.end(), {"name", "summary", "problem", "method", "quick"});
  root.allow(keys);
  Experiment experiment;
  experiment.name = root.text("name", "experiment");
  experiment.summary = root.text("summary", "");
  read_general(root, experiment);
  root.add_layer("train", experiment.train);
  root.add_layer("infer", experiment.infer);
  Layers shared_data;
  root.add_layer("data", shared_data);
  if (const auto* table = quick ? root.table("quick") : nullptr) {
    const Section section(*table, origin + ", [quick]");
    section.allow(general);
    read_general(section, experiment);
    section.add_layer("train", experiment.quick_train);
    section.add_layer("infer", experiment.quick_infer);
    section.add_layer("data", shared_data);
  }
  for (const auto& section : root.sections("problem"))
    experiment.problems.push_back(read_problem(section, shared_data, quick));
  for (const auto& section : root.sections("method")) experiment.methods.push_back(read_method(section));
  check_names(experiment.problems, "problem", origin);
  check_names(experiment.methods, "method", origin);
  if (experiment.seeds.empty()) throw UsageError(origin + ": 'seeds' is empty.");
  std::vector<std::string> names;
  for (const auto& method : experiment.methods) names.push_back(method.name);
  for (const auto& problem : experiment.problems) {
    for (const auto& [name, own] : problem.methods)
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw UsageError(origin + ": [[problem]] '" + problem.name +
                         "', [methods]: " + unknown_name_message("method", name, names));
    for (const auto role : {DataRole::train, DataRole::test, DataRole::floor})
      static_cast<void>(plan_data(problem, role));
    if (!problem.coarse.empty()) static_cast<void>(plan_data(problem, DataRole::coarse));
    for (const auto& method : experiment.methods) static_cast<void>(plan_cell(experiment, problem, method));
  }
  return experiment;
}

}  // namespace scorefield::compare
