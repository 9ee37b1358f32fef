#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

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

class Compare : public Command {
 public:
  std::string usage() const override { return "EXPERIMENT.toml|NAME --output DIR [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("experiment");
    line.add_flag("output", "DIR", "folder of data, cells and table.md, .csv, .json; an existing one is continued");
    line.add_switch("resume", "continue an existing folder, as is done anyway; one that is not there is an error");
    line.add_switch("quick", "the experiment's tiny version: seconds, to see that all works");
    line.add_switch("show", "print the experiment's file and stop");
    line.add_example("scorefield compare paper-table --output paper-table");
    line.add_example("scorefield compare paper-table --show > mine.toml");
    line.add_example("scorefield compare mine.toml --output mine --quick --threads 1");
  }

  std::string help_appendix(const CommandLine&) const override {
    std::string text = "\nExperiments that ship:\n";
    for (const auto& name : preset_names()) text += "  " + name + "\n";
    return text;
  }

  void prepare(const CommandLine& line, OptionSet&) override { given_ = line.required("experiment"); }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    const auto text = experiment_text(given_);
    if (line.has("show")) {
      std::cout << text;
      return std::nullopt;
    }
    request_.folder = line.required("output");
    request_.experiment = compare::parse_experiment(text, given_, line.has("quick"));
    request_.device = line.common().device;
    if (line.has("resume") && !std::filesystem::is_directory(request_.folder))
      throw FileError(request_.folder, "no such folder: there is nothing to resume. Compare without --resume.");
    ProgressPrinter printer(line.common().quiet);
    request_.observer = printer.observer();
    try {
      return answer(compare::compare(request_));
    } catch (const Interrupted&) {
      throw Interrupted("interrupted; the same command goes on with the cells that " + request_.folder +
                        " does not have, and with a training of fixed steps where it was.");
    }
  }

 private:
  [[nodiscard]] Answer answer(const compare::CompareSummary& summary) const {
    const auto table = (std::filesystem::path(request_.folder) / "table.md").string();
    const nlohmann::ordered_json json{{"command", "compare"},         {"experiment", request_.experiment.name},
                                      {"output", request_.folder},    {"cells", summary.cells},
                                      {"computed", summary.computed}, {"reused", summary.reused},
                                      {"failed", summary.failed},     {"table", table}};
    std::ostringstream text;
    text << data::read_text_file(table) << "\n"
         << request_.folder << ": " << summary.cells << " cells, " << summary.computed << " computed, "
         << summary.reused << " reused, " << summary.failed << " failed\n";
    return {json.dump(2), text.str(), {}};
  }

  std::string given_;
  compare::CompareRequest request_;
};

}  // namespace

std::unique_ptr<Command> make_compare() { return std::make_unique<Compare>(); }

}  // namespace scorefield::apps
