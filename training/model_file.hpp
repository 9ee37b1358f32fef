#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/model_header.hpp"
#include "models/score_network.hpp"
#include "training/fields/mover.hpp"
#include "training/initial_populations.hpp"
#include "training/losses/loss.hpp"
#include "training/observables.hpp"
#include "training/optim/named_tensors.hpp"
#include "training/optim/schedule.hpp"
#include "training/population_range.hpp"
#include "training/verdict.hpp"

namespace scorefield::training {

/// Everything that inference needs, loaded from a model file. Loading reads arrays and attributes only.
struct ReducedModel {
  std::string kind;  ///< the word in the file
  models::Normalizer normalizer;
  std::shared_ptr<const Mover> mover;  ///< what moves populations; null: this model does not
  /// Of a potential, a score, a conditional sampler: averaged weights, float32, on the CPU. Null: the field is of
  /// another make.
  std::shared_ptr<models::ScoreNetwork> network;
  data::DatasetHeader header;  ///< coordinates, units, periods, mu and times of the training data
  InitialPopulations initial;
  double sigma = 0;   ///< diffusion that the model was trained with, normalised units
  double growth = 0;  ///< lambda where mass grows at the rate s/lambda; 0: it is conserved
  std::int64_t step = 0;
  /// What a network is good for: the loss that it was trained with, or one that leaves models of the same kind, with
  /// what the file keeps of it. Null where there is no network.
  std::shared_ptr<const Loss> loss;
  std::optional<PopulationRange> range{};          ///< of the training data; absent in older files
  std::optional<ObservableCourses> observables{};  ///< of its runs; absent in older files

  /// Type and device of populations.
  [[nodiscard]] torch::TensorOptions options() const;
  void to(torch::Device device) const;
};

/// Kinds of models whose network is a vector field begin with it; the rest is that of the loss.
inline constexpr const char* kVectorKind = "vector-";

/// The model as what moves populations, the gradient of its potential, its score. @throws UsageError where it is none,
/// saying what it is good for instead.
[[nodiscard]] const Mover& require_mover(const ReducedModel& model, const std::string& path);
[[nodiscard]] const DriftUse& require_drift(const ReducedModel& model, const std::string& path);
[[nodiscard]] const ScoreUse& require_score(const ReducedModel& model, const std::string& path);

/// The loss whose kind of model a file holds, with what the file keeps of it. @throws FileError for an unknown kind
[[nodiscard]] std::shared_ptr<const Loss> read_loss(const h5::File& file);

/// @throws FileError on a file that is not a model of this version, or whose arrays do not fit its options.
[[nodiscard]] ReducedModel load_model(const std::string& path);

/// What a file holds of a network: the part of load_model() that fields with one share. @throws FileError
void read_network(const h5::File& file, const data::ModelHeader& header, ReducedModel& model);
[[nodiscard]] models::Normalizer read_normalizer(const h5::File& file, const data::DatasetHeader& header);

/// Writes the file of a model without a network atomically. `header`: options, kind, step and number of parameters;
/// `write_field`: adds what the field keeps under /model.
void save_field_model(const std::string& path, data::ModelHeader header, const ReducedModel& model,
                      const History& history, const std::function<void(h5::File&)>& write_field);

/// The weights of one step and what moves them on.
struct Checkpoint {
  std::int64_t step = 0;
  double progress = 0;             ///< of the learning rate's schedule
  optim::NamedTensors weights{};   ///< raw weights
  optim::NamedTensors averages{};  ///< EMA state
  optim::NamedTensors optimizer{};
};

/// What a training must save to continue bit for bit.
struct TrainingState {
  Checkpoint now;
  std::optional<Checkpoint> best;  ///< at the row of least validation loss, unless that is `now`
  double seconds = 0;
  double interval_loss = 0;  ///< sum of the losses since the last row of the history
  std::int64_t interval_steps = 0;
  optim::Course course;
  Untrained untrained;
  History history;
};

/// Writes a model file atomically: model (averaged weights), training state, history and initial populations.
void save_model(const std::string& path, const data::Provenance& provenance, const ReducedModel& model,
                const optim::NamedTensors& averaged_weights, const TrainingState& state);

/// Reads /training and /history back. `steps`: at which a training ends whose file does not say so, an old one.
/// @throws FileError
[[nodiscard]] TrainingState load_training_state(const std::string& path, std::int64_t steps);

}  // namespace scorefield::training
