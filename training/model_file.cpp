#include "training/model_file.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/coordinates.hpp"
#include "training/losses/registry.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

void write_tensor(h5::File& file, const std::string& name, const Tensor& tensor) {
  const auto values = tensor.detach().cpu().contiguous();
  const h5::Dims dims(values.sizes().begin(), values.sizes().end());
  const auto count = static_cast<std::size_t>(values.numel());
  switch (values.scalar_type()) {
    case torch::kFloat32:
      return file.write<float>(name, {values.const_data_ptr<float>(), count}, dims);
    case torch::kFloat64:
      return file.write<double>(name, {values.const_data_ptr<double>(), count}, dims);
    case torch::kInt64:
      return file.write<std::int64_t>(name, {values.const_data_ptr<std::int64_t>(), count}, dims);
    default:
      throw FileError(file.path(), "cannot store tensor '" + name + "' of type " + toString(values.scalar_type()));
  }
}

template <class T>
Tensor read_as(const h5::File& file, const std::string& name) {
  auto values = file.read<T>(name);
  const auto dims = file.dims(name);
  return torch::from_blob(values.data(), torch::IntArrayRef(dims.data(), dims.size()),
                          torch::CppTypeToScalarType<T>::value)
      .clone();
}

Tensor read_tensor(const h5::File& file, const std::string& name) {
  const auto type = file.element_type(name);
  if (type == "float32") return read_as<float>(file, name);
  if (type == "float64") return read_as<double>(file, name);
  if (type == "int64") return read_as<std::int64_t>(file, name);
  throw FileError(file.path(), "array '" + name + "' has element type " + type +
                                   ", expected float32, float64 or int64. Train the model again.");
}

void write_tensors(h5::File& file, const std::string& group, const optim::NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) write_tensor(file, group + "/" + name, tensor);
}

optim::NamedTensors read_tensors(const h5::File& file, const std::string& group) {
  optim::NamedTensors tensors;
  if (!file.exists(group)) return tensors;
  for (const auto& name : file.children(group)) tensors.emplace_back(name, read_tensor(file, group + "/" + name));
  return tensors;
}

std::string model_options_toml(models::ModelOptions options) {
  OptionSet set;
  models::bind(set, options);
  return set.to_toml();
}

void write_numbers(h5::File& file, const std::string& name, const std::vector<double>& values) {
  file.write<double>(name, values, {static_cast<std::int64_t>(values.size())});
}

void write_mu(h5::File& file, const std::string& name, const std::vector<std::vector<double>>& mu) {
  std::vector<double> flat;
  for (const auto& row : mu) flat.insert(flat.end(), row.begin(), row.end());
  file.write<double>(name, flat, {static_cast<std::int64_t>(mu.size()), static_cast<std::int64_t>(mu.front().size())});
}

std::vector<std::vector<double>> read_mu(const h5::File& file, const std::string& name) {
  const auto dims = file.dims(name);
  const auto flat = file.read<double>(name);
  if (dims.size() != 2) throw FileError(file.path(), "'" + name + "' must have rank 2 [M, p]. Train the model again.");
  std::vector<std::vector<double>> mu;
  for (std::int64_t m = 0; m < dims[0]; ++m)
    mu.emplace_back(flat.begin() + m * dims[1], flat.begin() + (m + 1) * dims[1]);
  return mu;
}

void write_normalizer(h5::File& file, const models::Normalizer& normalizer) {
  write_numbers(file, "/model/normalizer/center", normalizer.center);
  write_numbers(file, "/model/normalizer/scale", normalizer.scale);
  write_numbers(file, "/model/normalizer/mu_center", normalizer.mu_center);
  write_numbers(file, "/model/normalizer/mu_scale", normalizer.mu_scale);
  file.set_attribute("/model/normalizer", "time_start", normalizer.time_start);
  file.set_attribute("/model/normalizer", "time_span", normalizer.time_span);
}

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
    return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
  };
  if (normalizer.center.size() != periods.size() || normalizer.scale.size() != periods.size() ||
      normalizer.mu_center.size() != normalizer.mu_scale.size() || !positive(normalizer.scale) ||
      !positive(normalizer.mu_scale) || !(normalizer.time_span > 0))
    throw FileError(file.path(), "'/model/normalizer' does not fit the coordinates. Train the model again.");
  return normalizer;
}

void write_header(h5::File& file, const data::DatasetHeader& header) {
  write_mu(file, "/model/mu", header.mu);
  write_numbers(file, "/model/time", header.time);
  file.set_attribute("/model/mu", "names", header.mu_names);
  file.set_attribute("/model/time", "units", header.time_units);
  file.set_attribute("/model", "coordinates", header.coordinates);
  file.set_attribute("/model", "units", header.units);
  file.set_attribute("/model", "periods", header.periods);
  // How the training data were made: evaluation asks the same generator for its noise floor.
  file.set_attribute("/model", "data_config", header.provenance.config);
}

data::DatasetHeader read_header(const h5::File& file) {
  data::DatasetHeader header;
  header.mu = read_mu(file, "/model/mu");
  header.mu_names = file.strings_attribute("/model/mu", "names");
  header.time = file.read<double>("/model/time");
  header.time_units = file.string_attribute("/model/time", "units");
  header.coordinates = file.strings_attribute("/model", "coordinates");
  header.units = file.strings_attribute("/model", "units");
  header.periods = file.numbers_attribute("/model", "periods");
  header.provenance.config = file.string_attribute("/model", "data_config");
  return header;
}

void write_initial(h5::File& file, const InitialPopulations& initial, std::int64_t dimension) {
  const auto count = static_cast<std::int64_t>(initial.mu.size());
  write_mu(file, "/initial/mu", initial.mu);
  file.create_dataset<float>("/initial/samples", {count, initial.particles, dimension},
                             {1, initial.particles, dimension});
  for (std::int64_t m = 0; m < count; ++m)
    file.write_block<float>("/initial/samples", {m, 0, 0}, {1, initial.particles, dimension},
                            initial.samples[static_cast<std::size_t>(m)]);
}

InitialPopulations read_initial(const h5::File& file, std::int64_t dimension) {
  InitialPopulations initial;
  initial.mu = read_mu(file, "/initial/mu");
  const auto dims = file.dims("/initial/samples");
  if (dims.size() != 3 || dims[0] != static_cast<std::int64_t>(initial.mu.size()) || dims[2] != dimension)
    throw FileError(file.path(), "'/initial/samples' must be [M, N, d]. Train the model again.");
  initial.particles = dims[1];
  for (std::int64_t m = 0; m < dims[0]; ++m) {
    std::vector<float> samples(static_cast<std::size_t>(dims[1] * dims[2]));
    file.read_block<float>("/initial/samples", {m, 0, 0}, {1, dims[1], dims[2]}, samples);
    initial.samples.push_back(std::move(samples));
  }
  return initial;
}

void write_history(h5::File& file, const History& history) {
  write_numbers(file, "/history/step", history.step);
  write_numbers(file, "/history/loss", history.loss);
  write_numbers(file, "/history/validation_loss", history.validation_loss);
  write_numbers(file, "/history/seconds", history.seconds);
  write_numbers(file, "/history/learning_rate", history.learning_rate);
}

/// Copies stored arrays into the network's parameters. @throws FileError when names or shapes differ.
void fill_parameters(models::ScoreNetwork& network, const h5::File& file) {
  const torch::NoGradGuard no_grad;
  for (auto& item : network.named_parameters()) {
    const std::string name = "/model/parameters/" + item.key();
    if (!file.exists(name))
      throw FileError(file.path(), "array '" + name + "' is missing. The file is damaged; train the model again.");
    const auto stored = read_tensor(file, name);
    if (stored.sizes() != item.value().sizes()) {
      std::ostringstream what;
      what << "array '" << name << "' has shape " << stored.sizes() << ", expected " << item.value().sizes()
           << ". The file is damaged; train the model again.";
      throw FileError(file.path(), what.str());
    }
    item.value().copy_(stored);
  }
}

[[noreturn]] void wrong_kind(const ReducedModel& model, const std::string& path, const char* wanted) {
  throw UsageError(path + " is a model of kind " + model.loss->kind() + ", this needs one of kind " + wanted + "; " +
                   model.loss->use() + ".");
}

}  // namespace

std::size_t InitialPopulations::nearest(const std::vector<double>& at) const {
  const auto distance = [&](std::size_t m) {
    double sum = 0;
    for (std::size_t p = 0; p < at.size(); ++p) sum += (mu[m][p] - at[p]) * (mu[m][p] - at[p]);
    return sum;
  };
  std::size_t best = 0;
  for (std::size_t m = 1; m < mu.size(); ++m)
    if (distance(m) < distance(best)) best = m;
  return best;
}

const DriftUse& require_drift(const ReducedModel& model, const std::string& path) {
  if (const auto* use = model.loss->drift_use()) return *use;
  wrong_kind(model, path, "drift");
}

const ScoreUse& require_score(const ReducedModel& model, const std::string& path) {
  if (const auto* use = model.loss->score_use()) return *use;
  wrong_kind(model, path, "score");
}

std::shared_ptr<const Loss> read_loss(const h5::File& file) {
  // Files without the attribute are older and hold drifts.
  const auto kind = file.has_attribute("/model", "kind") ? file.string_attribute("/model", "kind") : "drift";
  auto loss = LossList().leaving(kind);
  if (!loss)
    throw FileError(file.path(),
                    "holds a model of kind '" + kind + "', which this version does not know. Train the model again.");
  loss->read(file);
  return loss;
}

ReducedModel load_model(const std::string& path) {
  const auto file = h5::File::open(path);
  const auto provenance = data::read_provenance(file, {data::kModelFormat});
  ReducedModel model;
  model.header = read_header(file);
  models::ModelOptions options;
  OptionSet set;
  models::bind(set, options);
  set.load_toml(file.string_attribute("/model", "options"), path);
  model.network = std::make_shared<models::ScoreNetwork>(options, read_normalizer(file, model.header));
  fill_parameters(*model.network, file);
  model.initial = read_initial(file, model.header.dimension());
  model.sigma = file.number_attribute("/model", "sigma");
  model.step = file.integer_attribute("/training", "step");
  model.loss = read_loss(file);
  return model;
}

void save_model(const std::string& path, const data::Provenance& provenance, const ReducedModel& model,
                const optim::NamedTensors& averaged_weights, const TrainingState& state) {
  data::AtomicFile destination(path);
  auto file = h5::File::create(destination.temporary_path(), path);
  data::write_provenance(file, provenance);
  write_tensors(file, "/model/parameters", averaged_weights);
  write_normalizer(file, model.network->normalizer());
  write_header(file, model.header);
  file.set_attribute("/model", "options", model_options_toml(model.network->options()));
  file.set_attribute("/model", "sigma", model.sigma);
  file.set_attribute("/model", "kind", model.loss->kind());
  model.loss->write(file);
  write_initial(file, model.initial, model.header.dimension());
  write_tensors(file, "/training/weights", state.weights);
  write_tensors(file, "/training/averages", state.averages);
  write_tensors(file, "/training/optimizer", state.optimizer);
  file.set_attribute("/training", "step", state.step);
  file.set_attribute("/training", "seconds", state.seconds);
  file.set_attribute("/training", "interval_loss", state.interval_loss);
  file.set_attribute("/training", "interval_steps", state.interval_steps);
  write_history(file, state.history);
  file.close();
  destination.commit();
}

TrainingState load_training_state(const std::string& path) {
  const auto file = h5::File::open(path);
  TrainingState state;
  state.step = file.integer_attribute("/training", "step");
  state.seconds = file.number_attribute("/training", "seconds");
  state.interval_loss = file.number_attribute("/training", "interval_loss");
  state.interval_steps = file.integer_attribute("/training", "interval_steps");
  state.weights = read_tensors(file, "/training/weights");
  state.averages = read_tensors(file, "/training/averages");
  state.optimizer = read_tensors(file, "/training/optimizer");
  state.history.step = file.read<double>("/history/step");
  state.history.loss = file.read<double>("/history/loss");
  state.history.validation_loss = file.read<double>("/history/validation_loss");
  state.history.seconds = file.read<double>("/history/seconds");
  state.history.learning_rate = file.read<double>("/history/learning_rate");
  return state;
}

}  // namespace scorefield::training
