#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "models/normalizer.hpp"

namespace scorefield {
class Drift;
}
namespace scorefield::models {
class ScoreNetwork;
}

namespace scorefield::training {

class BatchPlan;
class MarginalSampler;
class Objective;
struct TrainConfig;
struct TrainRequest;
struct TrainResult;

/// What a loss may look at when it plans the batches of a training.
struct PlanInputs {
  const data::DatasetReader& reader;
  const models::Normalizer& normalizer;
  const TrainConfig& config;
  std::uint64_t seed;  ///< of the batches
};

/// What particles take along besides their coordinates.
enum class Carried {
  nothing,
  log_density,  ///< one number (models/density_drift.hpp)
  log_weight,   ///< one number, the logarithm of what a particle weighs over what it weighed (models/growth_drift.hpp)
  tangent       ///< p blocks of d derivatives with respect to mu (models/tangent_drift.hpp)
};

/// A model whose field moves the population, dX/dt = b(X, t), normalised coordinates and time.
class DriftUse {
 public:
  virtual ~DriftUse() = default;
  /// The field at fixed physical mu, [p], with what particles carry.
  [[nodiscard]] virtual std::unique_ptr<Drift> field(std::shared_ptr<models::ScoreNetwork> network,
                                                     const std::vector<double>& mu, Carried carried) const = 0;
};

/// A model whose gradient is the score of the marginals, smoothed by Gaussian noise.
class ScoreUse {
 public:
  virtual ~ScoreUse() = default;
  /// Deviation of the noise, normalised units.
  [[nodiscard]] virtual double noise() const = 0;
};

/// A loss with its own options: what a step draws and regresses on, what its model keeps, and what that is good for.
/// Each is one file of this folder and one line of registry.cpp; nothing outside of them knows which losses there are.
class Loss {
 public:
  virtual ~Loss() = default;
  [[nodiscard]] virtual std::unique_ptr<Loss> clone() const = 0;

  /// As in loss.name.
  [[nodiscard]] virtual std::string name() const = 0;
  /// What it is for, in a few words.
  [[nodiscard]] virtual std::string summary() const = 0;
  /// Adds the keys loss.* that are its own.
  virtual void bind(OptionSet&) {}
  /// What options must not be combined. @throws UsageError
  virtual void validate(const TrainConfig&) const {}

  /// Whether all it asks of the field v is a regression, |v|^2/2 - y.v, so that v need be no gradient.
  [[nodiscard]] virtual bool is_regression() const { return false; }
  /// Times that a dataset must have at least.
  [[nodiscard]] virtual std::int64_t least_frames() const { return 2; }
  /// Inputs of the network after mu, in [-1, 1], such as a noise level: Group::inputs.
  [[nodiscard]] virtual std::int64_t extra_inputs() const { return 0; }
  /// What a training on this dataset draws. @throws FileError, UsageError when the data do not hold what it takes
  [[nodiscard]] virtual std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const = 0;
  /// The functional of a batch: the sums of kernels::GroupTerms, unless a loss brings its own.
  [[nodiscard]] virtual std::unique_ptr<Objective> objective(const TrainConfig& config, std::int64_t seed) const;

  /// Trains a network with it: steps on its objective, unless it takes several trainings.
  [[nodiscard]] virtual TrainResult train(const TrainRequest& request) const;

  /// What kind of model it leaves, the word in the file. Losses that leave the same kind keep the same attributes.
  [[nodiscard]] virtual std::string kind() const = 0;
  /// What inference must know of the training: attributes of /model.
  virtual void write(h5::File&) const {}
  virtual void read(const h5::File&) {}

  /// What a trained model is good for; null: not for that.
  [[nodiscard]] virtual const DriftUse* drift_use() const { return nullptr; }
  [[nodiscard]] virtual const ScoreUse* score_use() const { return nullptr; }
  [[nodiscard]] virtual const MarginalSampler* marginal_sampler() const { return nullptr; }
  /// The same for the user, the end of a sentence: "'scorefield infer' samples from it".
  [[nodiscard]] virtual std::string use() const = 0;
};

/// Makes the loss L: declared here, defined where L is (define_loss.hpp).
template <class L>
[[nodiscard]] std::unique_ptr<Loss> make_loss();

}  // namespace scorefield::training
