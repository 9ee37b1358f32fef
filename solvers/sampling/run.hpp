#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "models/targets/counted_target.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::sampling {

struct RunOptions {
  std::int64_t steps = 0;    ///< at most; 0: the method's default
  bool stop = true;          ///< stop when the method says that it has converged
  std::string checkpoint{};  ///< where an interrupted run leaves its state; empty: nowhere
  bool resume = false;       ///< go on from the checkpoint
  std::int64_t frames = 0;   ///< clouds of the run that the file keeps, evenly over its iterations; 0: none
  std::string config{};      ///< resolved configuration: a checkpoint of another one is refused
  std::int64_t seed = 0;
  torch::Device device = torch::kCPU;  ///< of the methods' sums over all pairs
};

/// Clouds of a run: the initial one, some on the way, the last.
struct Frames {
  std::vector<std::int64_t> iterations;
  std::vector<torch::Tensor> clouds;  ///< [N, d] each
};

/// log p on a regular grid around the cloud, where d = 2.
struct DensityGrid {
  torch::Tensor axis[2];   ///< [n]
  torch::Tensor log_prob;  ///< [n, n], the first coordinate first
};

/// Columns by name, one row per iteration.
using Trace = std::map<std::string, std::vector<double>>;

struct RunResult {
  std::string method;
  torch::Tensor samples;   ///< [N, d]
  torch::Tensor weights;   ///< [N] or undefined
  torch::Tensor log_prob;  ///< [N] or undefined
  std::map<std::string, torch::Tensor> extras;
  Frames frames;
  DensityGrid density;  ///< with frames, where log p is known
  Trace trace;
  std::vector<std::string> notes;
  targets::EvaluationCount evaluations;
  std::int64_t iterations = 0;
  double seconds = 0;  ///< in the iterations
  bool converged = false;
};

/// Runs the method from `initial` until it has converged or made its steps. An interrupt ends it between two
/// iterations with a checkpoint.
/// @throws UsageError when the method does not suit the target, Interrupted, DivergenceError, FileError for the
/// checkpoint
[[nodiscard]] RunResult run(const RunOptions& options, const Method& method,
                            const std::shared_ptr<targets::CountedTarget>& target, const torch::Tensor& initial,
                            const ProgressObserver& observer);

}  // namespace scorefield::sampling
