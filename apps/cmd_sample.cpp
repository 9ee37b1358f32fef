#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/commands.hpp"
#include "apps/option_list.hpp"
#include "apps/progress.hpp"
#include "training/sample/sample.hpp"

namespace scorefield::apps {
namespace {

class Sample : public Command {
 public:
  std::string usage() const override { return "TARGET --output SAMPLES.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("target");
    line.add_flag("output", "SAMPLES.h5", "the samples to write");
    line.add_shorthand("method", "M", "sample.method", "auto or a method of 'scorefield list methods' (default auto)");
    line.add_shorthand("particles", "N", "sample.particles", "particles (default 1000)");
    line.add_shorthand("steps", "K", "sample.steps", "iterations at most (default: the method's)");
    line.add_shorthand("initial", "SAMPLES.h5", "sample.initial", "start from the cloud of a samples file");
    line.add_shorthand("data", "DATA.json", "target.data",
                       "data for a shared library: a Stan model, or a density of your own");
    line.add_switch(
        "resume", "continue an interrupted or killed run of the same command from SAMPLES.h5.checkpoint, bit for bit");
    line.add_switch("strict", "exit with code 1 where the checks say that the cloud is not to be trusted");
    line.add_example("scorefield sample banana --output samples.h5");
    line.add_example("scorefield sample posterior.pt --method gas --particles 2000 --output samples.h5");
    line.add_example("scorefield sample eight_schools.so --data eight_schools.json --output samples.h5");
  }

  void bind(const CommandLine&, OptionSet& set) override {
    set.add("target", request_.target, "the density to sample");
    training::bind(set, request_.options);
  }

  std::string help_appendix(const CommandLine&) const override {
    return "\nTargets: see 'scorefield list targets'. Methods: see 'scorefield list methods'.\n";
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    static_cast<void>(line.required("target"));
    request_.output_path = line.required("output");
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    for (const char* count : {"particles", "steps"})
      if (const auto text = line.value(count)) static_cast<void>(parse_count(count, *text));
    request_.target = line.required("target");
    check_output_differs(request_.output_path,
                         {request_.target, request_.options.initial, request_.options.source.data});
    request_.config_toml = set.to_toml();
    request_.seed = line.common().seed;
    request_.device = line.common().device;
    request_.resume = line.has("resume");
    ProgressPrinter printer(line.common().quiet);
    request_.observer = printer.observer();
    request_.message = [&](const std::string& text) { printer.message(text); };
    const auto result = training::sample(request_);
    Answer answer{json_of(result), text_of(result), result.run.warnings};
    if (line.has("strict") && !result.run.trusted())
      answer.failure = request_.output_path + ": the cloud is written, but the checks do not trust it (--strict).";
    return answer;
  }

 private:
  [[nodiscard]] std::string json_of(const training::SampleResult& result) const {
    const auto& run = result.run;
    nlohmann::ordered_json object{{"command", "sample"},
                                  {"target", request_.target},
                                  {"output", request_.output_path},
                                  {"method", run.method},
                                  {"particles", run.samples.size(0)},
                                  {"dimension", run.samples.size(1)},
                                  {"iterations", run.iterations},
                                  {"score_evaluations", run.evaluations.score},
                                  {"density_evaluations", run.evaluations.density},
                                  {"seconds", run.seconds},
                                  {"converged", run.converged}};
    if (!run.checks.empty()) object["trusted"] = run.trusted();
    for (const auto& check : run.checks)
      object["checks"][check.name] = {{"value", check.value}, {"floor", check.floor}, {"passed", check.passed()}};
    if (run.log_evidence) {
      object["log_evidence"] = run.log_evidence->value;
      object["log_evidence_error"] = run.log_evidence->error;
    }
    if (!result.chosen_because.empty()) object["chosen_because"] = result.chosen_because;
    for (const auto& [name, column] : run.trace)
      if (!column.empty() && name != "score_evaluations") object["last"][name] = column.back();
    object["notes"] = run.notes;
    if (!run.warnings.empty()) object["warnings"] = run.warnings;
    for (const auto& [name, value] : result.diagnostics) object["diagnostics"][name] = value;
    return object.dump(2);
  }

  [[nodiscard]] std::string text_of(const training::SampleResult& result) const {
    const auto& run = result.run;
    std::ostringstream text;
    for (const auto& note : run.notes) text << "note: " << note << "\n";
    text << request_.output_path << ": " << run.samples.size(0) << " particles by " << run.method << ", "
         << run.iterations << " iterations, " << run.evaluations.score << " score evaluations, "
         << format_duration(run.seconds) << (run.converged ? ", converged" : ", not converged");
    if (!run.checks.empty()) text << (run.trusted() ? ", trusted" : ", NOT TRUSTED");
    text << "\n";
    if (run.log_evidence)
      text << "  log_evidence " << run.log_evidence->value << " +- " << run.log_evidence->error << "\n";
    for (const auto& check : run.checks)
      text << "  check " << check.name << " " << check.value << " (at most " << check.floor << ")"
           << (check.passed() ? "" : " FAILED") << "\n";
    for (const auto& [name, value] : result.diagnostics) text << "  " << name << " " << value << "\n";
    return text.str();
  }

  training::SampleRequest request_;
};

}  // namespace

Descriptions sample_options() {
  training::SampleOptions options;
  OptionSet set;
  training::bind(set, options);
  return descriptions(set);
}

std::unique_ptr<Command> make_sample() { return std::make_unique<Sample>(); }

}  // namespace scorefield::apps
