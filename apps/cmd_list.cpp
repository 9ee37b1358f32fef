#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/commands.hpp"
#include "apps/option_list.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "data/problems/problem.hpp"
#include "models/targets/catalogue.hpp"
#include "solvers/sampling/registry.hpp"
#include "training/compare/experiment.hpp"
#include "training/config.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/scores_json.hpp"
#include "training/presets.hpp"
#include "training/rollout/infer_options.hpp"

namespace scorefield::apps {
namespace {

using nlohmann::json;

/// One list in its two forms.
struct Listing {
  json entries = json::array();
  std::ostringstream text;
};

void list_problems(Listing& list) {
  for (const auto& name : problems::problem_names()) {
    const auto problem = problems::make_problem(name);
    list.entries.push_back({{"name", name},
                            {"summary", problem->summary()},
                            {"parameter", problem->parameter()},
                            {"training_mu", problem->training_mu()},
                            {"test_mu", problem->test_mu()},
                            {"frames", problem->default_frames()},
                            {"particles", problem->default_particles()}});
    list.text << name << ": " << problem->summary() << "\n"
              << "  mu           " << problem->parameter() << "\n"
              << "  training mu  " << comma_joined(problem->training_mu()) << "\n"
              << "  test mu      " << comma_joined(problem->test_mu()) << "\n"
              << "  times        " << problem->default_frames() << "\n"
              << "  particles    " << problem->default_particles() << "\n";
  }
}

void list_presets(Listing& list) {
  for (const auto& preset : training::presets()) {
    list.entries.push_back({{"name", preset.name}, {"summary", preset.summary}, {"config", preset.toml}});
    list.text << preset.name << ": " << preset.summary << "\n";
  }
}

/// The particle samplers, then every word that a key of the training and inference options takes.
void list_methods(Listing& list) {
  list.text << "sample.method: how 'scorefield sample' moves its particles\n";
  for (const auto& method : sampling::make_methods()) {
    list.entries.push_back({{"name", method.name}, {"key", "sample.method"}, {"summary", method.summary}});
    list.text << "  " << method.name << ": " << method.summary << "\n";
  }
  training::TrainConfig train;
  training::InferOptions infer;
  OptionSet set;
  training::bind(set, train);
  training::bind(set, infer);
  for (const auto& entry : set.entries()) {
    if (entry.choices.empty() || entry.choices.front() == "true") continue;  // no words, or a switch
    list.text << entry.key << ": " << entry.help << "\n ";
    for (const auto& word : entry.choices) {
      list.entries.push_back({{"name", word}, {"key", entry.key}, {"summary", entry.help}});
      list.text << " " << word;
    }
    list.text << "\n";
  }
}

void list_experiments(Listing& list) {
  for (const auto& preset : compare::experiment_presets()) {
    const auto experiment = compare::parse_experiment(preset.toml, preset.name, false);
    list.entries.push_back({{"name", preset.name}, {"summary", experiment.summary}, {"config", preset.toml}});
    list.text << preset.name << ": " << experiment.summary << "\n";
  }
}

void list_targets(Listing& list) {
  for (const auto& target : targets::named_targets()) {
    list.entries.push_back({{"name", target.name}, {"summary", target.summary}, {"config", target.toml}});
    list.text << target.name << ": " << target.summary << "\n";
  }
  list.text << "Or a file: family.toml, TorchScript.pt, a trained score network MODEL.h5, samples in .h5 or .npy.\n";
}

void list_metrics(Listing& list) {
  for (const auto& metric : metrics::metrics()) {
    list.text << metric.key << ": " << metric.group << ": " << metric.meaning << " ["
              << (metric.relative() ? "relative" : metric.unit) << "]\n ";
    metrics::kSources.for_each(
        [&](const metrics::Source& source, const bool& has) {
          if (has && &source != &metrics::kSources.prediction) list.text << " " << metric.key_of(source);
        },
        metric.sources);
    list.text << "\n";
  }
  list.entries = metrics::describe_metrics();
}

const char* type_name(OptionSet::Type type) {
  constexpr const char* kNames[] = {"boolean", "whole number",    "number",
                                    "text",    "list of numbers", "list of intervals"};
  return kNames[static_cast<std::size_t>(type)];
}

/// The limits of a range, each under the name that JSON Schema has for it.
void add_limits(json& entry, const Range& range) {
  const auto number = [](double limit) { return json::parse(number_text(limit)); };  // 4, not 4.0
  if (std::isfinite(range.low)) entry[range.low_open ? "exclusiveMinimum" : "minimum"] = number(range.low);
  if (std::isfinite(range.high)) entry[range.high_open ? "exclusiveMaximum" : "maximum"] = number(range.high);
  if (range.divisor > 1) entry["multipleOf"] = range.divisor;
  if (!range.values.empty()) entry["enum"] = range.values;
}

void list_options(Listing& list) {
  for (const auto& use : option_uses()) {
    const auto& option = use.option;
    json entry{{"key", option.key},
               {"type", type_name(option.type)},
               {"default", option.default_text},
               {"expected", option.expected()},
               {"help", option.help},
               {"commands", use.commands}};
    if (!option.choices.empty()) entry["choices"] = option.choices;
    if (!use.problems.empty()) entry["problems"] = use.problems;
    add_limits(entry, option.range);
    list.entries.push_back(std::move(entry));
    list.text << option.key << " = " << option.default_text;
    if (const auto expected = option.expected(); !expected.empty()) list.text << "   (" << expected << ")";
    list.text << "\n    " << option.help << "\n    " << comma_joined(use.commands);
    if (!use.problems.empty()) list.text << ": " << comma_joined(use.problems);
    list.text << "\n";
  }
}

constexpr std::pair<const char*, void (*)(Listing&)> kLists[] = {
    {"problems", list_problems},       {"presets", list_presets}, {"methods", list_methods},
    {"experiments", list_experiments}, {"metrics", list_metrics}, {"targets", list_targets},
    {"options", list_options}};

class List : public Command {
 public:
  std::string usage() const override {
    std::string names;
    for (const auto& [name, fill] : kLists) names += (names.empty() ? "" : "|") + std::string(name);
    return names + " [FLAGS]";
  }

  void declare(CommandLine& line) const override {
    line.add_argument("what");
    line.add_example("scorefield list problems");
    line.add_example("scorefield list presets --json");
  }

  void prepare(const CommandLine& line, OptionSet&) override { static_cast<void>(line.required("what")); }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    const std::string what = line.required("what");
    std::vector<std::string> known;
    for (const auto& [name, fill] : kLists) {
      known.emplace_back(name);
      if (name != what) continue;
      Listing list;
      fill(list);
      return Answer{list.entries.dump(2), list.text.str(), {}};
    }
    throw UsageError(unknown_name_message("list", what, known));
  }
};

}  // namespace

std::unique_ptr<Command> make_list() { return std::make_unique<List>(); }

}  // namespace scorefield::apps
