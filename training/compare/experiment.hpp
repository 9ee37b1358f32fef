#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/problem.hpp"
#include "training/config.hpp"
#include "training/metrics/evaluate_options.hpp"
#include "training/rollout/infer_options.hpp"

namespace scorefield::compare {

/// TOML documents applied one after the other, each with its name for messages.
struct Layer {
  std::string text, origin;
};
using Layers = std::vector<Layer>;

/// Settings of training and prediction.
struct Overrides {
  Layers train, infer;
};

/// One high-fidelity problem with its data settings.
struct ProblemPlan {
  std::string name;                                    ///< in tables and folders
  std::string problem;                                 ///< of problems::make_problem
  std::string parameters;                              ///< names of several, comma-separated; empty: mu alone
  std::vector<std::vector<double>> train_mu, test_mu;  ///< [M][p]; empty: the problem's own
  double time_limit = -1;                              ///< seconds of every training on it; below 0: the experiment's
  Layers data, train, infer;
  Layers coarse;  ///< on top of data: the solver on a coarse mesh and step, a baseline; empty: none
  std::map<std::string, Overrides> methods;  ///< by the method's name: what it needs on this problem alone
};

/// One way to train and predict.
struct MethodPlan {
  std::string name;
  Layers train, infer;
};

/// Methods x problems x seeds. The file (README.md of this folder):
///   name, summary, seeds, time_limit, noise_batches, timing_particles   root keys
///   [data] [train] [infer] [evaluate]                        option keys of the commands, for all cells
///   [[problem]] name, problem, parameters, train_mu, test_mu, time_limit, [problem.data] [problem.train]
///   [problem.infer] [problem.coarse]
///               [problem.methods.NAME.train] [problem.methods.NAME.infer]
///   [[method]]  name, [method.train] [method.infer]
///   [quick] the same once more, applied last with --quick; [problem.quick] data of one problem
/// Later wins: all cells, problem, method, method on this problem, quick.
struct Experiment {
  std::string name, summary;
  std::vector<std::int64_t> seeds{0};
  double time_limit = 0;  ///< seconds of every training; 0: training.steps decides
  std::int64_t timing_particles =
      0;  ///< particles of a rollout of all training frames at one mu that is timed, with the first seed; 0: none
  std::int64_t noise_batches =
      0;  ///< batches for the noise of loss and gradient at the trained weights; 0: not measured
  std::vector<ProblemPlan> problems;
  std::vector<MethodPlan> methods;
  Layers train, infer;  ///< for all cells
  Layers quick_train, quick_infer;
  metrics::EvaluateOptions evaluate;
};

/// Reads and checks everything, every cell's options included. @throws UsageError naming file, place and the nearest
/// known key
[[nodiscard]] Experiment parse_experiment(const std::string& text, const std::string& origin, bool quick);

/// A problem with its options for one of its files.
struct DataPlan {
  std::unique_ptr<problems::Problem> problem;
  problems::GenerateOptions options;
};
enum class DataRole {
  train,
  test,
  floor,
  coarse,  ///< the test mu with the coarse settings, simulating the stored particles alone
  timing   ///< the same for the first test mu and other numbers of particles, for the clock
};
[[nodiscard]] const char* to_string(DataRole role);
/// Seeds 1 to 5: runs of the roles are independent of each other. `particles`: stored ones; 0: those of the data
[[nodiscard]] DataPlan plan_data(const ProblemPlan& plan, DataRole role, std::int64_t particles = 0);

/// The options of one cell's training and prediction, with their resolved configurations.
struct CellPlan {
  training::TrainConfig train;
  training::InferOptions infer;  ///< without mu
  std::string train_toml, infer_toml;
};
[[nodiscard]] CellPlan plan_cell(const Experiment& experiment, const ProblemPlan& problem, const MethodPlan& method);

/// An experiment that ships with the program.
struct Preset {
  const char* name;
  const char* toml;
};
[[nodiscard]] const std::vector<Preset>& experiment_presets();

}  // namespace scorefield::compare
