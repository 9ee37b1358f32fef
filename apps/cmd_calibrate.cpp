#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "training/calibration/calibrate.hpp"

namespace scorefield::apps {
namespace {

void declare_calibrate(CommandLine& line) {
  line.add_arguments("files");
  line.add_flag("output", "RESULT.json", "also write the result, bootstrap estimates included, to a file");
  line.add_shorthand("run", "INDEX", "calibrate.run", "which run of DATA.h5 is the observation, from 0");
  line.add_shorthand("bootstrap", "B", "calibrate.bootstrap", "resampled observations for the uncertainty");
  line.add_example("scorefield calibrate model.h5 observed.h5");
  line.add_example("scorefield calibrate model.h5 observed.h5 --run 2 --set calibrate.frames=20 --json");
}

/// The values of one physics parameter.
std::vector<double> flat(const std::vector<std::vector<double>>& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(row.front());
  return values;
}

}  // namespace

void run_calibrate(int argc, const char* const* argv) {
  CommandLine line("calibrate", "finds the mu that explains observed samples, with a bootstrap uncertainty",
                   "MODEL.h5 DATA.h5 [FLAGS]");
  declare_calibrate(line);
  line.parse(argc, argv);

  OptionSet set;
  training::CalibrateOptions options;
  line.bind(set);
  training::bind(set, options);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const auto files = line.values("files");
  if (files.size() != 2)
    throw UsageError("calibrate takes two files, got " + std::to_string(files.size()) +
                     ". Usage: scorefield calibrate MODEL.h5 DATA.h5 [FLAGS]");
  line.resolve(set);
  const auto output = line.value("output");
  if (output) check_output_differs(*output, files);
  ProgressPrinter printer(line.common().quiet);
  const auto result = training::calibrate({.model_path = files[0],
                                           .data_path = files[1],
                                           .options = options,
                                           .seed = line.common().seed,
                                           .device = line.common().device,
                                           .observer = printer.observer()});
  nlohmann::json json{{"command", "calibrate"},
                      {"model", files[0]},
                      {"data", files[1]},
                      {"mu", result.mu.front()},
                      {"distance", result.distance},
                      {"gradient", result.gradient.front()},
                      {"converged", result.converged},
                      {"at_boundary", result.at_boundary},
                      {"iterations", result.iterations},
                      {"rollouts", result.rollouts},
                      {"scan", {{"mu", flat(result.scan_mu)}, {"distance", result.scan_distance}}},
                      {"warnings", result.warnings}};
  if (options.bootstrap > 1) {
    json["deviation"] = result.deviation.front();
    json["interval"] = {result.low.front(), result.high.front()};
  }
  if (output) {
    auto complete = json;
    complete["bootstrap"] = flat(result.bootstrap);
    data::write_text_file(*output, complete.dump(2) + "\n");
  }
  for (const auto& warning : result.warnings) print_warning("calibrate", warning);
  if (result.at_boundary)
    print_warning("calibrate", "the best mu lies at the end of the training range; the true one may lie beyond.");
  if (!result.converged)
    print_warning("calibrate", "not converged; raise calibrate.iterations, or look at the scan for several minima.");
  if (line.common().json) {
    std::cout << json.dump(2) << "\n";
    return;
  }
  char text[160];
  std::snprintf(text, sizeof text, "mu = %.6g", result.mu.front());
  std::cout << text;
  if (options.bootstrap > 1) {
    std::snprintf(text, sizeof text, " +- %.2g (95 %%: %.6g to %.6g)", result.deviation.front(), result.low.front(),
                  result.high.front());
    std::cout << text;
  }
  std::snprintf(text, sizeof text, ", sliced W2 %.3g, %lld rollouts\n", result.distance,
                static_cast<long long>(result.rollouts));
  std::cout << text;
}

}  // namespace scorefield::apps
