#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "data/atomic_file.hpp"
#include "training/metrics/evaluation.hpp"

namespace scorefield::apps {
namespace {

void declare_evaluate(CommandLine& line) {
  line.add_argument("rollout");
  line.add_shorthand("reference", "DATA.h5", "reference", "what really happens at the rollout's mu");
  line.add_shorthand("training", "DATA.h5", "training",
                     "what the model learned from: adds the nearest and interpolated baselines");
  line.add_flag("output", "EVALUATION.json", "write the JSON object to this file as well");
  line.add_example("scorefield evaluate rollout.h5 --reference test.h5 --training train.h5");
  line.add_example("scorefield evaluate rollout.h5 --reference test.h5 --training train.h5 --output evaluation.json");
}

/// The library's JSON object with the configuration that led to it.
std::string json_text(const metrics::Evaluation& evaluation, const OptionSet& set) {
  auto object = nlohmann::ordered_json::parse(metrics::to_json(evaluation));
  object["config"] = set.to_toml();
  return object.dump(2) + "\n";
}

}  // namespace

void run_evaluate(int argc, const char* const* argv) {
  CommandLine line("evaluate", "errors of a prediction per mu and over time, beside baselines and noise floors",
                   "ROLLOUT.h5 --reference DATA.h5 [FLAGS]");
  declare_evaluate(line);
  line.parse(argc, argv);

  OptionSet set;
  metrics::EvaluateOptions options;
  line.bind(set);
  set.add("rollout", options.rollout, "the prediction");
  set.add("reference", options.reference, "what really happens");
  set.add("training", options.training, "what the model learned from");
  metrics::bind(set, options);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const std::string rollout = line.required("rollout");
  line.resolve(set);
  options.rollout = rollout;
  options.seed = line.common().seed;
  if (options.reference.empty()) static_cast<void>(line.required("reference"));
  const std::string output = line.value("output").value_or("");
  check_output_differs(output, {options.rollout, options.reference, options.training, options.floor_file});
  if (!output.empty()) const data::AtomicFile writable(output);  // fail before the work, not after it

  ProgressPrinter printer(line.common().quiet);
  const auto evaluation = metrics::evaluate(options, printer.observer());
  const std::string json = json_text(evaluation, set);
  if (!output.empty()) data::write_text_file(output, json);
  std::cout << (line.common().json ? json : metrics::to_table(evaluation));
}

}  // namespace scorefield::apps
