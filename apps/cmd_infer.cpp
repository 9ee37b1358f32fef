#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "training/rollout/infer.hpp"

namespace scorefield::apps {
namespace {

void declare_infer(CommandLine& line) {
  line.add_argument("model");
  line.add_flag("output", "ROLLOUT.h5", "the rollout to write");
  line.add_shorthand("mu", "LIST", "infer.mu", "physics parameters to predict: 1.25,1.35 or 1.25:1.85:0.1");
  line.add_shorthand("particles", "N", "infer.particles",
                     "particles per rollout (default: as many as the training data)");
  line.add_shorthand("frames", "K", "infer.frames", "times to store, of the training times (default: all of them)");
  line.add_shorthand("initial", "DATA.h5", "infer.initial",
                     "take the initial population from a dataset (default: infer.start)");
  line.add_switch("log-density",
                  "also write /log_density, from a Gaussian fitted to the initial population (infer.log_density)");
  line.add_example("scorefield infer model.h5 --mu 1.25:1.85:0.1 --output rollout.h5");
  line.add_example("scorefield infer model.h5 --mu 1.55 --frames 11 --set infer.method=rk4 --output rollout.h5");
}

}  // namespace

void run_infer(int argc, const char* const* argv) {
  CommandLine line("infer", "predicts the particles at any mu, one rollout per mu",
                   "MODEL.h5 --mu LIST --output ROLLOUT.h5 [FLAGS]");
  declare_infer(line);
  line.parse(argc, argv);

  OptionSet set;
  std::string model;
  training::InferOptions options;
  line.bind(set);
  set.add("model", model, "the trained model");
  training::bind(set, options);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const std::string model_path = line.required("model");
  const std::string output = line.required("output");
  line.resolve(set);
  if (line.has("log-density") && options.log_density == training::LogDensityKind::none)
    options.log_density = training::LogDensityKind::gaussian;
  for (const char* count : {"particles", "frames"})  // leaving one out means all; asking for none is a mistake
    if (const auto text = line.value(count)) static_cast<void>(parse_count(count, *text));
  if (options.mu.empty()) static_cast<void>(line.required("mu"));
  check_output_differs(output, {model_path, options.start.path});
  model = model_path;

  const auto launched = distributed::join_launched(line.common().device);
  ProgressPrinter printer(line.common().quiet || !launched.is_root());
  const auto start = std::chrono::steady_clock::now();
  const auto result = training::infer({.model_path = model_path,
                                       .output_path = output,
                                       .options = options,
                                       .config_toml = set.to_toml(),
                                       .seed = line.common().seed,
                                       .device = launched.device,
                                       .observer = printer.observer(),
                                       .processes = launched.processes.get()});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!launched.is_root()) return;
  for (const auto& warning : result.warnings) print_warning("infer", warning);
  if (line.common().json) {
    std::cout << nlohmann::json{{"command", "infer"}, {"model", model_path}, {"output", output},
                                {"mu", options.mu},   {"seconds", seconds},  {"warnings", result.warnings}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << output << ": " << options.mu.size() << " rollouts in " << format_duration(seconds) << "\n";
}

}  // namespace scorefield::apps
