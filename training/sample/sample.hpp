#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/progress.hpp"
#include "solvers/sampling/diagnostics.hpp"
#include "solvers/sampling/registry.hpp"
#include "solvers/sampling/run.hpp"
#include "solvers/sampling/start.hpp"
#include "training/sample/target_file.hpp"

namespace scorefield::training {

/// How a target is sampled.
struct SampleOptions {
  std::string method = "auto";
  std::vector<sampling::Method> methods = sampling::make_methods();  ///< to choose from, with their options
  std::string initial;                                               ///< a samples file to start from
  bool diagnose = true;  ///< compare the samples with what is known of the target
  sampling::StartOptions start;
  sampling::RunOptions run;
  TargetOptions source;
};

/// Adds the keys sample.*, target.* and those of every method.
void bind(OptionSet& set, SampleOptions& options);

struct SampleRequest {
  std::string target;       ///< a name, or a file
  std::string output_path;  ///< beside it lies OUTPUT.checkpoint while the run lasts
  SampleOptions options{};
  std::string config_toml{};  ///< complete resolved configuration, stored in the samples file
  std::int64_t seed = 0;
  std::string device = "cpu";
  bool resume = false;  ///< go on from the checkpoint
  ProgressObserver observer{};
  std::function<void(const std::string&)> message{};  ///< a line for the user
};

struct SampleResult {
  sampling::RunResult run;
  std::string chosen_because;  ///< why the method, where it was "auto"
  sampling::Diagnostics diagnostics;
};

/// Moves particles until they represent the target, writes them, and compares them with what is known of it. An
/// interrupted run leaves its checkpoint. @throws UsageError, FileError, DivergenceError, Interrupted
[[nodiscard]] SampleResult sample(const SampleRequest& request);

}  // namespace scorefield::training
