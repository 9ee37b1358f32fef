#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/h5.hpp"
#include "data/schema.hpp"
#include "training/config.hpp"
#include "training/fields/choose_field.hpp"
#include "training/presets.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::apps {
namespace {

/// Another value starts a new schedule.
constexpr const char* kRate = "training.learning_rate";
/// What may change when a training continues: how long it runs, where, and how fast, not what it computes.
constexpr std::array kResumable{"training.steps", kRate, "device"};

/// Loads what comes before --config: the preset, or on --resume the configuration stored in the model.
void load_base(const CommandLine& line, OptionSet& set, const std::string& output) {
  const auto name = line.value("preset");
  if (line.has("resume")) {
    if (name) throw UsageError("--resume continues with the options stored in " + output + "; leave out --preset.");
    const auto file = h5::File::open(output);
    line.load(set, {data::read_provenance(file, {data::kModelFormat}).config, output});
  } else if (name) {
    line.load(set, {training::find_preset(*name).toml, "preset " + *name});
  }
}

/// A resumed training repeats the interrupted one, so an option given again must not change it.
/// @throws UsageError naming the key with both values
void check_unchanged(const OptionSet& set, const std::vector<std::string>& stored, const std::string& output) {
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto& entry = set.entries()[i];
    const bool free = std::find(kResumable.begin(), kResumable.end(), entry.key) != kResumable.end();
    if (!free && entry.get() != stored[i])
      throw UsageError("--resume: " + output + " was started with " + entry.key + " = " + stored[i] + ", not " +
                       entry.get() + ". Leave the option out, or start a new model.");
  }
}

/// Whether a key has another value now.
bool changed(const OptionSet& set, const std::vector<std::string>& stored, const std::string& key) {
  for (std::size_t i = 0; i < stored.size(); ++i)
    if (set.entries()[i].key == key) return set.entries()[i].get() != stored[i];
  return false;
}

std::vector<std::string> values(const OptionSet& set) {
  std::vector<std::string> texts;
  for (const auto& entry : set.entries()) texts.push_back(entry.get());
  return texts;
}

training::TrainObserver make_observer(ProgressPrinter& printer) {
  return [&printer](const training::TrainProgress& progress) {
    if (progress.warning) return print_warning("train", progress.message);
    if (!progress.message.empty()) return printer.message(progress.message);
    if (!progress.stage.empty()) return printer.report({progress.stage, progress.step, progress.total_steps, ""});
    char detail[128];
    std::snprintf(detail, sizeof detail, "loss %.5g, validation %.5g, rate %.2g", progress.loss,
                  progress.validation_loss, progress.learning_rate);
    printer.report(
        {"training", progress.step, progress.total_steps, detail, {progress.steps_per_second, progress.seconds_left}});
  };
}

Answer answer_of(const training::TrainRequest& request, const training::TrainResult& result,
                 const training::ChoiceReasons& reasons) {
  nlohmann::ordered_json json{{"command", "train"},
                              {"output", request.output_path},
                              {"field", request.config.field.name},
                              {"field_reason", reasons.field}};
  if (request.config.loss.name != training::kAutomaticLoss) {
    json["loss"] = request.config.loss.name;
    json["loss_reason"] = reasons.loss;
  }
  json.update({{"steps", result.steps},
               {"seconds", result.seconds},
               {"final_loss", result.final_loss},
               {"validation_loss", result.validation_loss},
               {"parameters", result.parameters},
               {"step_milliseconds", 1e3 * result.step_seconds},
               {"engine", result.engine},
               {"time_limit_reached", result.time_limit_reached},
               {"diverged", result.verdict == training::Verdict::diverged},
               {"overfitted", result.verdict == training::Verdict::overfitted},
               {"kept_step", result.kept_step},
               {"message", result.judgement},
               {"description", result.description},
               {"warnings", result.warnings}});
  std::ostringstream text;
  if (!result.description.empty())
    text << request.output_path << ": " << result.description << ", in " << format_duration(result.seconds) << "\n";
  else
    text << request.output_path << ": " << result.steps << " steps in " << format_duration(result.seconds) << ", "
         << result.parameters << " parameters, " << result.engine << " engine, loss " << result.final_loss
         << ", validation " << result.validation_loss << "\n";
  if (result.time_limit_reached)
    text << "The time limit was reached; 'scorefield train " << request.data_path << " --output " << request.output_path
         << " --resume' continues.\n";
  if (result.verdict == training::Verdict::diverged) return {json.dump(2), "", {}, result.judgement};
  std::vector<std::string> warnings;
  if (!result.judgement.empty()) warnings.push_back(result.judgement);
  return {json.dump(2), text.str(), warnings};
}

/// The answer to a training whose numbers are no longer finite.
Answer answer_of(const training::TrainRequest& request, const DivergenceError& error) {
  const nlohmann::ordered_json json{{"command", "train"},
                                    {"output", request.output_path},
                                    {"steps", error.step()},
                                    {"diverged", true},
                                    {"message", error.what()}};
  return {json.dump(2), "", {}, error.what()};
}

class Train : public Command {
 public:
  std::string usage() const override { return "DATA.h5 --output MODEL.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("data");
    line.add_flag("output", "MODEL.h5", "the model to write; with --resume the one to continue");
    line.add_flag("preset", "NAME", "start from a named set of options ('scorefield list presets')");
    line.add_shorthand("steps", "N", "training.steps", "optimiser steps");
    line.add_shorthand("leave-out", "LIST", "training.leave_out", "runs of the dataset that are not trained on, by mu");
    line.add_switch("resume", "continue MODEL.h5 from its last checkpoint, bit for bit, with its own options");
    line.add_flag("time-limit", "TIME", "stop and save after this long: 90s, 30m, 1.5h");
    line.add_example("scorefield train train.h5 --output model.h5 --preset two-stream --time-limit 30m");
    line.add_example("scorefield train train.h5 --output model.h5 --resume --steps 40000");
    line.add_example(
        "scorefield train train.h5 --output model.h5 --resume --steps 40000 --set training.learning_rate=0.001");
    line.add_example(
        "scorefield train train.h5 --output model.h5 --set model.width=96 --set loss.name=action-matching");
  }

  void bind(const CommandLine&, OptionSet& set) override {
    set.add("data", request_.data_path, "the dataset trained on");
    training::bind(set, request_.config);
  }

  void prepare(const CommandLine& line, OptionSet& set) override {
    const std::string data = line.required("data");
    request_.output_path = line.required("output");
    request_.resume = line.has("resume");
    if (const auto limit = line.value("time-limit")) request_.time_limit_seconds = parse_duration(*limit);
    check_output_differs(request_.output_path, {data});
    load_base(line, set, request_.output_path);
    stored_ = values(set);
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    if (request_.resume) check_unchanged(set, stored_, request_.output_path);
    request_.new_schedule = request_.resume && changed(set, stored_, kRate);
    request_.data_path = line.required("data");
    request_.seed = line.common().seed;
    const auto launched =
        distributed::join_launched(line.common().device, [](const std::string& text) { print_warning("train", text); });
    reasons_ =
        training::resolve_choices(request_.config, training::open_training_data(request_.data_path, request_.config));
    request_.config_toml = set.to_toml();
    request_.device = launched.device;
    request_.processes = launched.processes.get();
    ProgressPrinter printer(line.common().quiet || !launched.is_root());
    request_.observer = make_observer(printer);
    if (!reasons_.field.empty()) printer.message("field " + request_.config.field.name + ": " + reasons_.field);
    if (!reasons_.loss.empty()) printer.message("loss " + request_.config.loss.name + ": " + reasons_.loss);
    try {
      const auto result = training::train(request_);
      return launched.is_root() ? std::optional(answer_of(request_, result, reasons_)) : std::nullopt;
    } catch (const DivergenceError& error) {
      if (!launched.is_root()) throw;
      return answer_of(request_, error);
    }
  }

 private:
  training::TrainRequest request_;
  training::ChoiceReasons reasons_;
  std::vector<std::string> stored_;  ///< values of all keys before the command line changed them
};

}  // namespace

std::unique_ptr<Command> make_train() { return std::make_unique<Train>(); }

}  // namespace scorefield::apps
