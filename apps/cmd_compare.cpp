#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "training/compare/compare.hpp"

namespace scorefield::apps {
namespace {

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const auto& preset : compare::experiment_presets()) names.emplace_back(preset.name);
  return names;
}

/// A file, or else the name of an experiment that ships.
std::string experiment_text(const std::string& given) {
  if (std::filesystem::exists(given)) return data::read_text_file(given);
  for (const auto& preset : compare::experiment_presets())
    if (given == preset.name) return preset.toml;
  if (given.ends_with(".toml"))
    throw FileError(given, "does not exist. 'scorefield list experiments' names those that ship.");
  throw UsageError(unknown_name_message("experiment", given, preset_names()));
}

}  // namespace

void run_compare(int argc, const char* const* argv) {
  CommandLine line("compare", "runs methods x problems x seeds and writes one table; continues where it stopped",
                   "EXPERIMENT.toml|NAME --output DIR [FLAGS]");
  line.add_argument("experiment");
  line.add_flag("output", "DIR", "folder of data, cells and table.md, .csv, .json; an existing one is continued");
  line.add_switch("quick", "the experiment's tiny version: seconds, to see that all works");
  line.add_switch("show", "print the experiment's file and stop");
  line.add_example("scorefield compare paper-table --output paper-table");
  line.add_example("scorefield compare paper-table --show > mine.toml");
  line.add_example("scorefield compare mine.toml --output mine --quick --threads 1");
  line.parse(argc, argv);

  OptionSet set;
  line.bind(set);
  if (line.help()) {
    std::cout << line.help_text(set) << "\nExperiments that ship:\n";
    for (const auto& name : preset_names()) std::cout << "  " << name << "\n";
    return;
  }
  const std::string given = line.required("experiment");
  line.resolve(set);
  const auto text = experiment_text(given);
  if (line.has("show")) {
    std::cout << text;
    return;
  }
  const std::string output = line.required("output");
  const auto experiment = compare::parse_experiment(text, given, line.has("quick"));
  ProgressPrinter printer(line.common().quiet);
  const auto summary = compare::compare({experiment, output, line.common().device, printer.observer()});
  const auto table = (std::filesystem::path(output) / "table.md").string();
  if (line.common().json) {
    std::cout << nlohmann::json{{"command", "compare"},
                                {"experiment", experiment.name},
                                {"output", output},
                                {"cells", summary.cells},
                                {"computed", summary.computed},
                                {"reused", summary.reused},
                                {"failed", summary.failed},
                                {"table", table}}
                     .dump(2)
              << "\n";
  } else {
    std::cout << data::read_text_file(table) << "\n"
              << output << ": " << summary.cells << " cells, " << summary.computed << " computed, " << summary.reused
              << " reused, " << summary.failed << " failed\n";
  }
}

}  // namespace scorefield::apps
