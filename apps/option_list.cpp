#include "apps/option_list.hpp"

#include <algorithm>

#include "benchmarks/benchmark.hpp"
#include "data/import/import.hpp"
#include "data/problems/problem.hpp"
#include "training/calibration/calibrate_options.hpp"
#include "training/config.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/rollout/infer_options.hpp"

namespace scorefield::apps {
namespace {

template <class Options>
Descriptions options_of() {
  Options options;
  OptionSet set;
  bind(set, options);
  return descriptions(set);
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void add_uses(std::vector<OptionUse>& uses, const Descriptions& options, const std::string& command,
              const std::string& problem = "") {
  for (const auto& option : options) {
    const auto same = std::find_if(uses.begin(), uses.end(), [&](const OptionUse& use) {
      return use.option.key == option.key && use.option.default_text == option.default_text &&
             use.option.help == option.help && use.option.expected() == option.expected();
    });
    OptionUse& use = same == uses.end() ? uses.emplace_back(OptionUse{option, {}, {}}) : *same;
    add_once(use.commands, command);
    add_once(use.problems, problem);
  }
}

}  // namespace

std::vector<OptionUse> option_uses() {
  std::vector<OptionUse> uses;
  const auto names = problems::problem_names();
  for (const auto& name : names) {
    problems::GenerateOptions options;
    const auto problem = problems::make_problem(name);
    options.particles = problem->default_particles();
    OptionSet set;
    problems::bind(set, options);
    problem->bind(set);
    add_uses(uses, descriptions(set), "generate", name);
  }
  for (auto& use : uses)
    if (use.problems.size() == names.size()) use.problems.clear();
  add_uses(uses, options_of<training::TrainConfig>(), "train");
  add_uses(uses, options_of<training::InferOptions>(), "infer");
  add_uses(uses, options_of<metrics::EvaluateOptions>(), "evaluate");
  add_uses(uses, options_of<data::ImportOptions>(), "import");
  add_uses(uses, sample_options(), "sample");
  add_uses(uses, options_of<training::CalibrateOptions>(), "calibrate");
  add_uses(uses, options_of<benchmarks::BenchmarkOptions>(), "benchmark");
  return uses;
}

}  // namespace scorefield::apps
