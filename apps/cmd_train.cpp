#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/h5.hpp"
#include "data/schema.hpp"
#include "training/config.hpp"
#include "training/presets.hpp"
#include "training/trainer.hpp"

namespace scorefield::apps {
namespace {

/// What may change when a training continues: how long it runs and where, not what it computes.
constexpr std::array kResumable{"training.steps", "device"};

void declare_train(CommandLine& line) {
  line.add_argument("data");
  line.add_flag("output", "MODEL.h5", "the model to write; with --resume the one to continue");
  line.add_flag("preset", "NAME", "start from a named set of options ('scorefield list presets')");
  line.add_shorthand("steps", "N", "training.steps", "optimiser steps");
  line.add_switch("resume", "continue MODEL.h5 from its last checkpoint, bit for bit, with its own options");
  line.add_flag("time-limit", "TIME", "stop and save after this long: 90s, 30m, 1.5h");
  line.add_example("scorefield train train.h5 --output model.h5 --preset two-stream --time-limit 30m");
  line.add_example("scorefield train train.h5 --output model.h5 --resume --steps 40000");
  line.add_example("scorefield train train.h5 --output model.h5 --set model.width=96 --set loss.name=action-matching");
}

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

std::vector<std::string> values(const OptionSet& set) {
  std::vector<std::string> texts;
  for (const auto& entry : set.entries()) texts.push_back(entry.get());
  return texts;
}

/// Everything that a training can be told by keys.
struct TrainKeys {
  std::string data;
  training::TrainConfig config;
};

void bind(OptionSet& set, TrainKeys& keys) {
  set.add("data", keys.data, "the dataset trained on");
  training::bind(set, keys.config);
}

training::TrainObserver make_observer(ProgressPrinter& printer) {
  return [&printer](const training::TrainProgress& progress) {
    if (!progress.message.empty()) return printer.message(progress.message);
    char detail[128];
    std::snprintf(detail, sizeof detail, "loss %.5g, validation %.5g, rate %.2g", progress.loss,
                  progress.validation_loss, progress.learning_rate);
    printer.report(
        {"training", progress.step, progress.total_steps, detail, {progress.steps_per_second, progress.seconds_left}});
  };
}

void print_result(const CommandLine& line, const std::string& output, const training::TrainResult& result) {
  if (line.common().json) {
    std::cout << nlohmann::json{{"command", "train"},
                                {"output", output},
                                {"steps", result.steps},
                                {"seconds", result.seconds},
                                {"final_loss", result.final_loss},
                                {"validation_loss", result.validation_loss},
                                {"parameters", result.parameters},
                                {"step_milliseconds", 1e3 * result.step_seconds},
                                {"engine", result.engine},
                                {"time_limit_reached", result.time_limit_reached}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << output << ": " << result.steps << " steps in " << format_duration(result.seconds) << ", "
            << result.parameters << " parameters, " << result.engine << " engine, loss " << result.final_loss
            << ", validation " << result.validation_loss << "\n";
  if (result.time_limit_reached)
    std::cout << "The time limit was reached; 'scorefield train " << line.required("data") << " --output " << output
              << " --resume' continues.\n";
}

}  // namespace

void run_train(int argc, const char* const* argv) {
  CommandLine line("train", "trains a reduced model on a dataset, checkpoints as it goes",
                   "DATA.h5 --output MODEL.h5 [FLAGS]");
  declare_train(line);
  line.parse(argc, argv);

  OptionSet set;
  TrainKeys keys;
  line.bind(set);
  bind(set, keys);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const std::string data_path = line.required("data");
  const std::string output = line.required("output");
  const double time_limit = line.has("time-limit") ? parse_duration(*line.value("time-limit")) : 0;
  check_output_differs(output, {data_path});
  load_base(line, set, output);
  const auto stored = values(set);
  line.resolve(set);
  if (line.has("resume")) check_unchanged(set, stored, output);
  keys.data = data_path;

  const auto launched = distributed::join_launched(line.common().device);
  ProgressPrinter printer(line.common().quiet || !launched.is_root());
  const auto result = training::train({.data_path = data_path,
                                       .output_path = output,
                                       .config = keys.config,
                                       .config_toml = set.to_toml(),
                                       .seed = line.common().seed,
                                       .resume = line.has("resume"),
                                       .time_limit_seconds = time_limit,
                                       .device = launched.device,
                                       .processes = launched.processes.get()},
                                      make_observer(printer));
  if (launched.is_root()) print_result(line, output, result);
}

}  // namespace scorefield::apps
