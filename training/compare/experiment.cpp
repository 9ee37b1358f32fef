#include "training/compare/experiment.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "core/error.hpp"

namespace scorefield::compare {
namespace {

/// A document of its own, also when the table is written in one line inside another.
std::string text_of(toml::table table) {
  table.is_inline(false);
  std::ostringstream text;
  text << toml::toml_formatter(table, toml::format_flags::allow_multi_line_strings);
  return text.str();
}

/// One table of the file with checked reading.
class Section {
 public:
  Section(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  void allow(const std::vector<std::string>& keys) const {
    for (const auto& [key, node] : table_)
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
        throw UsageError(where_ + ": " + unknown_name_message("key", std::string(key.str()), keys));
  }

  /// Adds the sub-table `key`, if there is one, to `layers`.
  void add_layer(const std::string& key, Layers& layers) const {
    const auto* node = table_.get(key);
    if (!node) return;
    if (!node->is_table()) wrong(key, "a table of option keys");
    layers.push_back({text_of(*node->as_table()), where_ + ", [" + key + "]"});
  }

  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const {
    const auto* node = table_.get(key);
    if (!node) return otherwise;
    const auto value = node->value_exact<std::string>();
    if (!value) wrong(key, "a text");
    return *value;
  }

  [[nodiscard]] std::vector<double> numbers(const std::string& key, const std::vector<double>& otherwise) const {
    const auto* node = table_.get(key);
    if (!node) return otherwise;
    std::vector<double> values;
    if (const auto word = node->value_exact<std::string>()) return parse_number_list(*word);
    if (!node->is_array()) wrong(key, "a list of numbers");
    for (const auto& element : *node->as_array()) {
      const auto value = element.value<double>();
      if (!value) wrong(key, "a list of numbers");
      values.push_back(*value);
    }
    return values;
  }

  [[nodiscard]] std::int64_t whole(const std::string& key, std::int64_t otherwise) const {
    const auto* node = table_.get(key);
    if (!node) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0) wrong(key, "a whole number from 0 on");
    return *value;
  }

  /// Seconds; "none" is 0.
  [[nodiscard]] double duration(const std::string& key, double otherwise) const {
    const auto limit = text(key, "");
    return limit.empty() ? otherwise : limit == "none" ? 0 : parse_duration(limit);
  }

  /// The tables of an array of tables, in the order of the file.
  [[nodiscard]] std::vector<Section> sections(const std::string& key) const {
    std::vector<Section> result;
    const auto* node = table_.get(key);
    if (!node) return result;
    if (!node->is_array_of_tables()) wrong(key, "tables [[" + key + "]]");
    for (const auto& element : *node->as_array())
      result.emplace_back(*element.as_table(), where_ + ", [[" + key + "]] " + std::to_string(result.size() + 1));
    return result;
  }

  [[nodiscard]] const toml::table* table(const std::string& key) const {
    const auto* node = table_.get(key);
    if (node && !node->is_table()) wrong(key, "a table");
    return node ? node->as_table() : nullptr;
  }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[noreturn]] void wrong(const std::string& key, const std::string& expected) const {
    throw UsageError(where_ + ": '" + key + "' must be " + expected + ".");
  }
  const toml::table& table_;
  std::string where_;
};

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

ProblemPlan read_problem(const Section& section, const Layers& shared_data, bool quick) {
  section.allow({"name", "problem", "train_mu", "test_mu", "time_limit", "data", "train", "infer", "methods", "quick"});
  ProblemPlan plan;
  plan.name = section.text("name", section.text("problem", ""));
  plan.problem = section.text("problem", plan.name);
  if (plan.name.empty()) throw UsageError(section.where() + ": needs a 'name'.");
  plan.train_mu = section.numbers("train_mu", {});
  plan.test_mu = section.numbers("test_mu", {});
  if (!quick) plan.time_limit = section.duration("time_limit", plan.time_limit);
  plan.data = shared_data;
  section.add_layer("data", plan.data);
  section.add_layer("train", plan.train);
  section.add_layer("infer", plan.infer);
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

}  // namespace

const char* to_string(DataRole role) {
  return role == DataRole::train ? "train" : role == DataRole::test ? "test" : "floor";
}

DataPlan plan_data(const ProblemPlan& plan, DataRole role) {
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
  data.options.mu = role == DataRole::train ? plan.train_mu : plan.test_mu;
  if (data.options.mu.empty())
    data.options.mu = role == DataRole::train ? data.problem->training_mu() : data.problem->test_mu();
  data.options = problems::with_defaults(data.options, *data.problem);
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
    for (const auto& method : experiment.methods) static_cast<void>(plan_cell(experiment, problem, method));
  }
  return experiment;
}

}  // namespace scorefield::compare
