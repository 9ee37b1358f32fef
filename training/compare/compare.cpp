#include "training/compare/compare.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/folder_lock.hpp"
#include "training/compare/cell_run.hpp"
#include "training/compare/stored_json.hpp"
#include "training/compare/table.hpp"
#include "training/metrics/scores_json.hpp"

namespace scorefield::compare {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A finished cell of these options; absent when it must be computed.
std::optional<Cell> stored_cell(const fs::path& path, const std::string& options) {
  const auto known = read_stored_json(path);
  if (!known.is_object()) return std::nullopt;
  try {
    auto cell = read_cell(known);
    if (cell.done() && cell.options == options) return cell;
  } catch (const json::exception&) {  // not a cell: it is computed and written over
  }
  return std::nullopt;
}

void write_tables(const Experiment& experiment, const fs::path& folder, const std::vector<Cell>& cells) {
  json all{{"name", experiment.name},
           {"summary", experiment.summary},
           {"metrics", metrics::describe_metrics()},
           {"cells", json::array()}};
  for (const Cell& cell : cells) all["cells"].push_back(to_json(cell));
  data::write_text_file((folder / "table.json").string(), all.dump(2) + "\n");
  data::write_text_file((folder / "table.csv").string(), to_csv(cells));
  data::write_text_file((folder / "table.md").string(), to_markdown(experiment.name, experiment.summary, cells));
}

/// Adds the cell of a task, from its file where it is finished. Returns whether it was computed.
bool add_cell(const CellTask& task, std::vector<Cell>& cells, CompareSummary& summary) {
  const std::string path = task.stem + ".json";
  ++summary.cells;
  if (auto known = stored_cell(path, options_of(task))) {
    ++summary.reused;
    cells.push_back(std::move(*known));
    return false;
  }
  cells.push_back(run_cell(task));
  ++(cells.back().done() ? summary.computed : summary.failed);
  data::write_text_file(path, to_json(cells.back()).dump(2) + "\n");
  return true;
}

}  // namespace

CompareSummary compare(const CompareRequest& request) {
  const Experiment& experiment = request.experiment;
  const fs::path folder = request.folder;
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem || !fs::is_directory(folder))
    throw FileError(request.folder, "cannot be made a folder: " + problem.message() + ".");
  const data::FolderLock alone(request.folder);

  CompareSummary summary;
  std::vector<Cell> cells;
  for (const auto& plan : experiment.problems) {
    const auto data = prepare_data(plan, (folder / "data").string(),
                                   {experiment.evaluate.floor, experiment.timing_particles}, request.observer);
    for (const auto& method : experiment.methods) {
      const auto place = folder / "cells" / plan.name / method.name;
      fs::create_directories(place);
      for (const auto seed : experiment.seeds) {
        const CellTask task{experiment,
                            plan,
                            method,
                            seed,
                            plan_cell(experiment, plan, method),
                            data,
                            (place / ("seed-" + std::to_string(seed))).string(),
                            request.device,
                            request.observer};
        if (add_cell(task, cells, summary)) write_tables(experiment, folder, cells);
      }
    }
  }
  write_tables(experiment, folder, cells);
  return summary;
}

}  // namespace scorefield::compare
