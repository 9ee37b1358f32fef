#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "training/distributed/process_group.hpp"
#include "training/fields/field_check.hpp"
#include "training/rollout/infer_options.hpp"

namespace scorefield::training {

struct InferRequest {
  std::string model_path, output_path;
  InferOptions options{};
  std::string config_toml{};  ///< complete resolved configuration, stored in the rollout
  std::int64_t seed = 0;
  std::string device = "cpu";  ///< "cpu", "cuda" or "cuda:1"
  ProgressObserver observer{};
  distributed::ProcessGroup* processes = nullptr;  ///< those that share the values of mu; null: this one alone
};

/// What is imposed on a population beside the field of its own.
struct FieldAt {
  std::vector<double> mu;  ///< [p]
  FieldCheck check;
};

struct InferResult {
  std::vector<std::vector<double>> mu;  ///< [M][p], in the model's order of parameters
  std::vector<std::string> warnings;    ///< e.g. mu outside the training range
  std::vector<FieldAt> fields{};        ///< forces that the training runs' particles made themselves; else empty
};

/// One rollout per mu, all frames of it streamed to the output. It starts where RolloutStart says (start.hpp). sigma >
/// 0 (euler-maruyama) is the diffusion that the model was trained with. Conditional models (ncsm, cfm) are sampled
/// afresh at every (mu, time): the frames are marginals. Several processes take one mu each in turn, and rank 0 writes
/// what they gather.
/// @throws UsageError, FileError, DivergenceError, Interrupted; no file is left then.
InferResult infer(const InferRequest& request);

}  // namespace scorefield::training
