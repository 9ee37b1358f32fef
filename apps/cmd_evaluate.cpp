#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "data/atomic_file.hpp"
#include "training/metrics/evaluation.hpp"

namespace scorefield::apps {
namespace {

class Evaluate : public Command {
 public:
  std::string usage() const override { return "ROLLOUT.h5 --reference DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("rollout");
    line.add_shorthand("reference", "DATA.h5", "reference", "what really happens at the rollout's mu");
    line.add_shorthand("training", "DATA.h5", "training",
                       "what the model learned from: adds the baselines that are made of it");
    line.add_flag("output", "EVALUATION.json", "write the JSON object to this file as well");
    line.add_example("scorefield evaluate rollout.h5 --reference test.h5 --training train.h5");
    line.add_example("scorefield evaluate rollout.h5 --reference test.h5 --training train.h5 --output evaluation.json");
  }

  void bind(const CommandLine&, OptionSet& set) override {
    set.add("rollout", request_.rollout_path, "the prediction");
    set.add("reference", request_.reference_path, "what really happens");
    set.add("training", request_.training_path, "what the model learned from");
    metrics::bind(set, request_.options);
  }

  void prepare(const CommandLine& line, OptionSet&) override { static_cast<void>(line.required("rollout")); }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    request_.rollout_path = line.required("rollout");
    if (request_.reference_path.empty()) static_cast<void>(line.required("reference"));
    request_.seed = line.common().seed;
    request_.config_toml = set.to_toml();
    const std::string output = line.value("output").value_or("");
    check_output_differs(output, {request_.rollout_path, request_.reference_path, request_.training_path,
                                  request_.options.floor_file, request_.options.coarse_file});
    if (!output.empty()) const data::AtomicFile writable(output);  // fail before the work, not after it

    ProgressPrinter printer(line.common().quiet);
    request_.observer = printer.observer();
    const auto evaluation = metrics::evaluate(request_);
    Answer answer{metrics::to_json(evaluation), metrics::to_table(evaluation), {}};
    if (!output.empty()) data::write_text_file(output, answer.json + "\n");
    return answer;
  }

 private:
  metrics::EvaluateRequest request_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate() { return std::make_unique<Evaluate>(); }

}  // namespace scorefield::apps
