#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/problems/problem.hpp"
#include "training/infer.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {

/// The populations that rollouts of one `infer` start from: those of a given file; else, of a training mu, the one kept
/// with the model; else what the problem that made the training data starts from at that mu, with a seed of its own;
/// else that of the nearest training mu.
class RolloutStart {
 public:
  /// `seed`: of the command. `output`: the rollout, beside which temporary files may lie.
  /// @throws FileError, UsageError when the file does not fit or holds fewer particles than are asked for.
  RolloutStart(const ReducedModel& model, const InferOptions& options, std::int64_t seed, std::string output);

  /// Particles of every rollout, N.
  [[nodiscard]] std::int64_t particles() const { return particles_; }
  /// [N, d], physical units. @throws what generating throws; UsageError when nothing has that many particles.
  [[nodiscard]] std::vector<float> at(double mu) const;

 private:
  [[nodiscard]] bool stored(double mu) const;
  [[nodiscard]] std::vector<float> generated(double mu) const;

  const ReducedModel& model_;
  std::optional<data::DatasetReader> given_;
  std::unique_ptr<problems::Problem> problem_;  ///< null: unknown, or not to be used
  std::int64_t particles_;
  std::int64_t seed_;
  std::string output_;
};

}  // namespace scorefield::training
