#include <iostream>

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

}  // namespace

void run_evaluate(int argc, const char* const* argv) {
  CommandLine line("evaluate", "errors of a prediction per mu and over time, beside baselines and noise floors",
                   "ROLLOUT.h5 --reference DATA.h5 [FLAGS]");
  declare_evaluate(line);
  line.parse(argc, argv);

  OptionSet set;
  metrics::EvaluateRequest request;
  line.bind(set);
  set.add("rollout", request.rollout_path, "the prediction");
  set.add("reference", request.reference_path, "what really happens");
  set.add("training", request.training_path, "what the model learned from");
  metrics::bind(set, request.options);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const std::string rollout = line.required("rollout");
  line.resolve(set);
  request.rollout_path = rollout;
  request.seed = line.common().seed;
  request.config_toml = set.to_toml();
  if (request.reference_path.empty()) static_cast<void>(line.required("reference"));
  const std::string output = line.value("output").value_or("");
  check_output_differs(
      output, {request.rollout_path, request.reference_path, request.training_path, request.options.floor_file});
  if (!output.empty()) const data::AtomicFile writable(output);  // fail before the work, not after it

  ProgressPrinter printer(line.common().quiet);
  request.observer = printer.observer();
  const auto evaluation = metrics::evaluate(request);
  const std::string json = metrics::to_json(evaluation) + "\n";
  if (!output.empty()) data::write_text_file(output, json);
  std::cout << (line.common().json ? json : metrics::to_table(evaluation));
}

}  // namespace scorefield::apps
