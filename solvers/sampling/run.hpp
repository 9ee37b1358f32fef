#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/named_array.hpp"
#include "core/progress.hpp"
#include "solvers/sampling/checks/check.hpp"
#include "solvers/sampling/counted_target.hpp"
#include "solvers/sampling/method.hpp"

namespace scorefield::sampling {

struct RunOptions {
  std::int64_t steps = 0;            ///< at most; 0: the method's default
  bool stop = true;                  ///< stop when the method says that it has converged
  bool check = true;                 ///< ask the finished cloud whether it is to be trusted
  std::int64_t replicas = 1;         ///< independent runs that share the particles
  std::int64_t frames = 0;           ///< clouds of the run that the result keeps, evenly over its iterations; 0: none
  double checkpoint_interval = 300;  ///< seconds between two snapshots of a run in progress; 0: only when interrupted
};

/// Where a run is: enough to go on bit for bit.
struct Snapshot {
  std::string origin;  ///< the file that it was read from, for messages
  NamedArrays arrays;  ///< run/..., trace/..., frames/... and the method's own state/...
  std::vector<std::string> notes;
};

struct RunRequest {
  RunOptions options;
  Method method;
  std::shared_ptr<CountedTarget> target;
  torch::Tensor initial;  ///< [N, d] float64 on the CPU
  std::uint64_t seed = 0;
  torch::Device device = torch::kCPU;           ///< of the methods' sums over all pairs
  std::optional<Snapshot> resume{};             ///< go on from here
  std::function<void(const Snapshot&)> save{};  ///< keeps a snapshot; null: nothing is kept
  ProgressObserver observer{};
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
  std::vector<std::string> warnings;  ///< what makes the cloud doubtful
  EvaluationCount evaluations;
  std::int64_t iterations = 0;
  double seconds = 0;  ///< in the iterations
  bool converged = false;
  std::vector<Check> checks;                ///< empty: nobody asked
  std::optional<LogEvidence> log_evidence;  ///< where the method knows it
  std::vector<std::int64_t> replica;        ///< [N] which run a particle is of; empty: there is one

  /// Whether every check is passed.
  [[nodiscard]] bool trusted() const;

  /// By the names that they have in a samples file: samples, weights, log_prob, trace/..., extra/..., frames/...,
  /// density/..., checks/NAME (value and floor), replica
  [[nodiscard]] NamedArrays arrays() const;
};

/// Runs the method until it has converged or made its steps; hands a snapshot to `save` at intervals. An interrupt ends
/// it between two iterations, after a snapshot.
/// @throws UsageError when the method does not suit the target, Interrupted, DivergenceError, FileError for a snapshot
/// that does not fit
[[nodiscard]] RunResult run(const RunRequest& request);

}  // namespace scorefield::sampling
