#include "training/compare/high_fidelity.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/atomic_file.hpp"
#include "training/compare/stopwatch.hpp"
#include "training/compare/stored_json.hpp"

namespace scorefield::compare {
namespace {

struct MadeFile {
  std::string path;
  double seconds_per_mu = 0;  ///< when it was made
};

/// `particles`: of plan_data(); a file that was made for the clock alone does not stay.
MadeFile make_file(const ProblemPlan& plan, DataRole role, std::int64_t particles, const std::filesystem::path& folder,
                   const ProgressObserver& observer) {
  const auto data = plan_data(plan, role, particles);
  const bool stays = role != DataRole::timing;
  const std::string role_name = to_string(role), stem = (folder / (plan.name + "-" + role_name)).string();
  const std::string path = stem + ".h5", times = stem + ".json";
  const auto known = read_stored_json(times);
  if (known.is_object() && known.value("config", "") == data.options.config &&
      (!stays || std::filesystem::exists(path)))
    return {path, known.value("seconds_per_mu", 0.0)};
  std::filesystem::create_directories(folder);
  const Stopwatch watch;
  problems::generate_dataset(*data.problem, data.options, path, [&](Progress progress) {
    progress.stage = plan.name + " " + role_name + " data: " + progress.stage;
    if (observer) observer(progress);
  });
  const double seconds = watch.seconds() / static_cast<double>(data.options.mu.size());
  data::write_text_file(times,
                        nlohmann::json{{"config", data.options.config}, {"seconds_per_mu", seconds}}.dump(2) + "\n");
  if (!stays) std::filesystem::remove(path);
  return {path, seconds};
}

}  // namespace

ProblemData prepare_data(const ProblemPlan& plan, const std::string& folder, const DataWanted& wanted,
                         const ProgressObserver& observer) {
  ProblemData data;
  data.train = make_file(plan, DataRole::train, 0, folder, observer).path;
  const auto test = make_file(plan, DataRole::test, 0, folder, observer);
  data.test = test.path;
  data.seconds_per_mu = test.seconds_per_mu;
  if (wanted.floor) data.floor = make_file(plan, DataRole::floor, 0, folder, observer).path;
  if (!plan.coarse.empty()) {
    const auto coarse = make_file(plan, DataRole::coarse, 0, folder, observer);
    data.coarse = coarse.path;
    data.coarse_seconds = coarse.seconds_per_mu;
  }
  if (wanted.timing_particles > 0)
    data.timed_seconds = make_file(plan, DataRole::timing, wanted.timing_particles, folder, observer).seconds_per_mu;
  data.test_mu = plan_data(plan, DataRole::test).options.mu;
  return data;
}

}  // namespace scorefield::compare
