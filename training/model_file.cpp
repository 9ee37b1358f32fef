#include "training/model_file.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/coordinates.hpp"
#include "data/model_header.hpp"
#include "data/tensor_io.hpp"
#include "training/fields/registry.hpp"
#include "training/losses/registry.hpp"

namespace scorefield::training {
namespace {

std::string model_options_toml(models::ModelOptions options) {
  OptionSet set;
  models::bind(set, options);
  return set.to_toml();
}

void write_numbers(h5::File& file, const std::string& name, const std::vector<double>& values) {
  file.write<double>(name, values, {static_cast<std::int64_t>(values.size())});
}

void write_normalizer(h5::File& file, const models::Normalizer& normalizer) {
  write_numbers(file, "/model/normalizer/center", normalizer.center);
  write_numbers(file, "/model/normalizer/scale", normalizer.scale);
  write_numbers(file, "/model/normalizer/mu_center", normalizer.mu_center);
  write_numbers(file, "/model/normalizer/mu_scale", normalizer.mu_scale);
  file.set_attribute("/model/normalizer", "time_start", normalizer.time_start);
  file.set_attribute("/model/normalizer", "time_span", normalizer.time_span);
}

}  // namespace

models::Normalizer read_normalizer(const h5::File& file, const data::DatasetHeader& header) {
  const auto& periods = header.periods;
  models::Normalizer normalizer;
  normalizer.center = file.read<double>("/model/normalizer/center");
  normalizer.scale = file.read<double>("/model/normalizer/scale");
  normalizer.mu_center = file.read<double>("/model/normalizer/mu_center");
  normalizer.mu_scale = file.read<double>("/model/normalizer/mu_scale");
  normalizer.time_start = file.number_attribute("/model/normalizer", "time_start");
  normalizer.time_span = file.number_attribute("/model/normalizer", "time_span");
  normalizer.periods = periods;
  normalizer.velocity_of = data::velocity_coordinates(header.coordinates);
  const auto positive = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value) && value > 0; });
  };
  const auto finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  };
  // Conditional samplers have their noise's level as a further parameter.
  const auto parameters = normalizer.mu_center.size(), named = header.mu[0].size();
  if (normalizer.center.size() != periods.size() || normalizer.scale.size() != periods.size() ||
      (parameters != named && parameters != named + 1) || normalizer.mu_scale.size() != parameters ||
      !finite(normalizer.center) || !finite(normalizer.mu_center) || !positive(normalizer.scale) ||
      !positive(normalizer.mu_scale) || !(normalizer.time_span > 0) || !std::isfinite(normalizer.time_span) ||
      !std::isfinite(normalizer.time_start))
    throw FileError(file.path(), "'/model/normalizer' does not fit the coordinates. Train the model again.");
  return normalizer;
}

namespace {

void write_history(h5::File& file, const History& history) {
  write_numbers(file, "/history/step", history.step);
  write_numbers(file, "/history/loss", history.loss);
  write_numbers(file, "/history/validation_loss", history.validation_loss);
  write_numbers(file, "/history/seconds", history.seconds);
  write_numbers(file, "/history/learning_rate", history.learning_rate);
}

void write_checkpoint(h5::File& file, const std::string& group, const Checkpoint& checkpoint) {
  data::write_tensors(file, group + "/weights", checkpoint.weights);
  data::write_tensors(file, group + "/averages", checkpoint.averages);
  data::write_tensors(file, group + "/optimizer", checkpoint.optimizer);
  file.set_attribute(group, "progress", checkpoint.progress);
}

Checkpoint read_checkpoint(const h5::File& file, const std::string& group, std::int64_t step) {
  Checkpoint checkpoint{.step = step};
  checkpoint.weights = data::read_tensors(file, group + "/weights");
  checkpoint.averages = data::read_tensors(file, group + "/averages");
  checkpoint.optimizer = data::read_tensors(file, group + "/optimizer");
  return checkpoint;
}

constexpr const char* kBest = "/training/best";

/// What files of version 0.1.0 do not have.
void read_course(const h5::File& file, TrainingState& state) {
  state.now.progress = file.number_attribute("/training", "progress");
  state.course.first_step = file.integer_attribute("/training", "first_step");
  state.course.start = file.number_attribute("/training", "start");
  state.course.last_step = file.integer_attribute("/training", "last_step");
  state.untrained.validation_loss = file.number_attribute("/training", "untrained_loss");
  state.untrained.scale = file.number_attribute("/training", "untrained_scale");
  if (!file.exists(kBest)) return;
  state.best = read_checkpoint(file, kBest, file.integer_attribute(kBest, "step"));
  state.best->progress = file.number_attribute(kBest, "progress");
}

/// Copies stored arrays into the network's parameters. @throws FileError when names or shapes differ.
void fill_parameters(models::ScoreNetwork& network, const h5::File& file) {
  const torch::NoGradGuard no_grad;
  for (auto& item : network.named_parameters()) {
    const std::string name = "/model/parameters/" + item.key();
    if (!file.exists(name))
      throw FileError(file.path(), "array '" + name + "' is missing. The file is damaged; train the model again.");
    const auto stored = data::read_tensor(file, name);
    if (stored.sizes() != item.value().sizes()) {
      std::ostringstream what;
      what << "array '" << name << "' has shape " << stored.sizes() << ", expected " << item.value().sizes()
           << ". The file is damaged; train the model again.";
      throw FileError(file.path(), what.str());
    }
    if (!stored.isfinite().all().item<bool>())
      throw FileError(file.path(), "array '" + name + "' has a value that is not finite; train the model again.");
    item.value().copy_(stored);
  }
}

[[noreturn]] void unknown_kind(const h5::File& file, const std::string& kind) {
  throw FileError(file.path(),
                  "holds a model of kind '" + kind + "', which this version does not know. Train the model again.");
}

[[noreturn]] void wrong_kind(const ReducedModel& model, const std::string& path, const char* wanted) {
  throw UsageError(path + " is a model of kind " + model.kind + ", this needs one of kind " + wanted + "; " +
                   (model.loss ? model.loss->use() : "'scorefield infer' rolls it out") + ".");
}

}  // namespace

torch::TensorOptions ReducedModel::options() const {
  return network ? network->parameters().front().options().requires_grad(false) : torch::TensorOptions(torch::kFloat32);
}

void ReducedModel::to(torch::Device device) const {
  if (network) network->to(device);
}

const Mover& require_mover(const ReducedModel& model, const std::string& path) {
  if (model.mover) return *model.mover;
  wrong_kind(model, path, "drift");
}

const DriftUse& require_drift(const ReducedModel& model, const std::string& path) {
  if (const auto* use = model.loss ? model.loss->drift_use() : nullptr) return *use;
  wrong_kind(model, path, "drift");
}

const ScoreUse& require_score(const ReducedModel& model, const std::string& path) {
  if (const auto* use = model.loss ? model.loss->score_use() : nullptr) return *use;
  wrong_kind(model, path, "score");
}

std::shared_ptr<const Loss> read_loss(const h5::File& file) {
  const auto kind = data::read_model_kind(file);
  const bool vector = kind.starts_with(kVectorKind);
  auto loss = LossList().leaving(vector ? kind.substr(std::string(kVectorKind).size()) : kind);
  if (!loss) unknown_kind(file, kind);
  loss->read(file);
  return loss;
}

void read_network(const h5::File& file, const data::ModelHeader& header, ReducedModel& model) {
  models::ModelOptions options;
  OptionSet set;
  models::bind(set, options);
  set.load_toml(header.options, file.path());
  options.vector = header.kind.starts_with(kVectorKind);
  model.network = std::make_shared<models::ScoreNetwork>(options, model.normalizer);
  fill_parameters(*model.network, file);
  model.loss = read_loss(file);
}

ReducedModel load_model(const std::string& path) {
  const auto file = h5::File::open(path);
  const auto header = data::read_model_header(file);
  ReducedModel model;
  model.header = header.data;
  model.kind = header.kind;
  model.normalizer = read_normalizer(file, model.header);
  const FieldList fields;
  const auto* field = fields.reading(model.kind);
  if (!field) unknown_kind(file, model.kind);
  field->read(file, header, model);
  model.initial = read_initial(file, model.header.dimension());
  model.sigma = header.sigma;
  model.growth = header.growth;
  model.step = header.step;
  model.range = read_population_range(file, model.header.dimension());
  model.observables = read_observables(file, model.header.mu_count(), model.header.periods);
  return model;
}

void save_model(const std::string& path, const data::Provenance& provenance, const ReducedModel& model,
                const optim::NamedTensors& averaged_weights, const TrainingState& state) {
  data::AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  data::write_model_header(file, {.provenance = provenance,
                                  .data = model.header,
                                  .options = model_options_toml(model.network->options()),
                                  .kind = (model.network->options().vector ? kVectorKind : "") + model.loss->kind(),
                                  .sigma = model.sigma,
                                  .growth = model.growth,
                                  .step = state.now.step,
                                  .parameters = model.network->parameter_count(),
                                  .network_parameters = model.network->plain_parameter_count()});
  data::write_tensors(file, "/model/parameters", averaged_weights);
  write_normalizer(file, model.network->normalizer());
  model.loss->write(file);
  write_initial(file, model.initial, model.header.dimension());
  if (model.range) write_population_range(file, *model.range);
  if (model.observables) write_observables(file, *model.observables, model.header.periods);
  write_checkpoint(file, "/training", state.now);
  if (state.best) {
    write_checkpoint(file, kBest, *state.best);
    file.set_attribute(kBest, "step", state.best->step);
  }
  file.set_attribute("/training", "first_step", state.course.first_step);
  file.set_attribute("/training", "start", state.course.start);
  file.set_attribute("/training", "last_step", state.course.last_step);
  file.set_attribute("/training", "untrained_loss", state.untrained.validation_loss);
  file.set_attribute("/training", "untrained_scale", state.untrained.scale);
  file.set_attribute("/training", "seconds", state.seconds);
  file.set_attribute("/training", "interval_loss", state.interval_loss);
  file.set_attribute("/training", "interval_steps", state.interval_steps);
  write_history(file, state.history);
  file.close();
  destination.commit();
}

void save_field_model(const std::string& path, data::ModelHeader header, const ReducedModel& model,
                      const History& history, const std::function<void(h5::File&)>& write_field) {
  data::AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  header.data = model.header;
  header.kind = model.kind;
  data::write_model_header(file, header);
  write_normalizer(file, model.normalizer);
  write_field(file);
  write_initial(file, model.initial, model.header.dimension());
  if (model.range) write_population_range(file, *model.range);
  if (model.observables) write_observables(file, *model.observables, model.header.periods);
  write_history(file, history);
  file.close();
  destination.commit();
}

namespace {

/// What can be asked of a state without the network that it belongs to. @throws FileError
void check_state(const h5::File& file, const TrainingState& state) {
  const auto require = [&](bool holds, const char* what) {
    if (!holds)
      throw FileError(file.path(), std::string("the training in it ") + what +
                                       ". The file is damaged; train the model again without --resume.");
  };
  const auto finite = [](const data::NamedTensors& tensors) {
    return std::all_of(tensors.begin(), tensors.end(),
                       [](const auto& named) { return named.second.isfinite().all().template item<bool>(); });
  };
  const auto& history = state.history;
  const std::size_t rows = history.step.size();
  require(history.loss.size() == rows && history.validation_loss.size() == rows && history.seconds.size() == rows &&
              history.learning_rate.size() == rows,
          "has columns of unlike lengths under '/history'");
  require(std::is_sorted(history.step.begin(), history.step.end()) &&
              (rows == 0 || (history.step.front() >= 0 && history.step.back() <= static_cast<double>(state.now.step))),
          "has steps under '/history' that do not increase to its own");
  require(state.now.step >= 0 && state.interval_steps >= 0 && state.interval_steps <= state.now.step &&
              std::isfinite(state.seconds) && state.seconds >= 0 && state.course.first_step >= 0 &&
              state.course.first_step <= state.now.step && state.now.progress >= 0 && state.now.progress <= 1,
          "has counts out of range");
  require(finite(state.now.weights) && finite(state.now.averages) && finite(state.now.optimizer),
          "has weights or moments that are not finite");
}

}  // namespace

TrainingState load_training_state(const std::string& path, std::int64_t steps) {
  const auto file = h5::File::open(path);
  TrainingState state;
  state.now = read_checkpoint(file, "/training", data::read_model_header(file).step);
  state.course.last_step = steps;
  state.now.progress = std::min(1.0, state.course.at(state.now.step));
  if (file.has_attribute("/training", "progress")) read_course(file, state);
  state.seconds = file.number_attribute("/training", "seconds");
  state.interval_loss = file.number_attribute("/training", "interval_loss");
  state.interval_steps = file.integer_attribute("/training", "interval_steps");
  state.history.step = file.read<double>("/history/step");
  state.history.loss = file.read<double>("/history/loss");
  state.history.validation_loss = file.read<double>("/history/validation_loss");
  state.history.seconds = file.read<double>("/history/seconds");
  state.history.learning_rate = file.read<double>("/history/learning_rate");
  check_state(file, state);
  return state;
}

}  // namespace scorefield::training
