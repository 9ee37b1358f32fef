#include "training/fields/sde/sde_model.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "data/tensor_io.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr const char* kSdeGroup = "/model/sde";
constexpr std::int64_t kBlock = 1024;
constexpr std::uint64_t kWeightStream = 0x736465;

/// Normals scaled for a layer of so many inputs (LeCun), a function of the seed alone.
Tensor initial_weights(std::int64_t outputs, std::int64_t inputs, std::uint64_t seed) {
  const Philox random(seed, kWeightStream);
  std::vector<float> values;
  for (std::int64_t i = 0; i < outputs * inputs; ++i)
    values.push_back(
        static_cast<float>(random.normals(static_cast<std::uint64_t>(i))[0] / std::sqrt(static_cast<double>(inputs))));
  return torch::tensor(values).view({outputs, inputs});
}

Tensor row(const std::vector<double>& values, const Tensor& like) {
  return torch::tensor(values, torch::kFloat64).to(like.options());
}

}  // namespace

SdeNetwork::SdeNetwork(const models::Normalizer& normalizer, const SdeOptions& options, std::int64_t outputs,
                       std::uint64_t seed)
    : autonomous_(options.autonomous) {
  std::int64_t inputs = static_cast<std::int64_t>(normalizer.mu_center.size()) + (autonomous_ ? 0 : 1);
  for (std::int64_t k = 0; k < normalizer.dimension(); ++k) {
    periods_.push_back(normalizer.normalized_period(k));
    inputs += periods_.back() > 0 ? 2 : 1;
  }
  const auto add = [&](const std::string& name, Tensor value) {
    parameters_.emplace_back(name, value.set_requires_grad(true));
  };
  std::int64_t width = inputs;
  for (std::int64_t layer = 0; layer < options.depth; ++layer) {
    const auto name = "layer" + std::to_string(layer);
    add(name + ".weight", initial_weights(options.width, width, seed + static_cast<std::uint64_t>(layer)));
    // Kinks all over the range of the inputs, so that the network bends from the first step on.
    add(name + ".bias", initial_weights(1, options.width, seed + 500 + static_cast<std::uint64_t>(layer)).view({-1}) *
                            std::sqrt(static_cast<double>(options.width)));
    width = options.width;
  }
  add("last.weight", torch::zeros({outputs, width}));
  add("last.bias", torch::zeros({outputs}));
  add("linear.weight", torch::zeros({outputs, inputs}));
}

Tensor SdeNetwork::features(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  std::vector<Tensor> columns;
  for (std::size_t k = 0; k < periods_.size(); ++k) {
    const Tensor column = x.narrow(1, static_cast<std::int64_t>(k), 1);
    if (periods_[k] > 0) {
      const Tensor angle = column * (2 * std::numbers::pi / periods_[k]);
      columns.push_back(angle.sin());
      columns.push_back(angle.cos());
    } else {
      columns.push_back(column);
    }
  }
  columns.push_back(mu);
  if (!autonomous_) columns.push_back(2 * t - 1);
  return torch::cat(columns, 1);
}

void SdeNetwork::start_from(const Tensor& weight, const Tensor& bias) {
  const torch::NoGradGuard no_grad;
  parameters_[parameters_.size() - 1].second.copy_(weight);
  parameters_[parameters_.size() - 2].second.copy_(bias);
}

Tensor SdeNetwork::last_hidden(const Tensor& inputs) const {
  Tensor hidden = inputs;
  for (std::size_t next = 0; next + 3 < parameters_.size(); next += 2)
    hidden = torch::silu(torch::addmm(parameters_[next + 1].second, hidden, parameters_[next].second.t()));
  return hidden;
}

Tensor SdeNetwork::operator()(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor inputs = features(x, mu, t);
  const std::size_t last = parameters_.size() - 3;
  return torch::addmm(parameters_[last + 1].second, last_hidden(inputs), parameters_[last].second.t()) +
         inputs.matmul(parameters_[last + 2].second.t());
}

Tensor SdeNetwork::basis(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor inputs = features(x, mu, t);
  return torch::cat({last_hidden(inputs), inputs, torch::ones_like(t)}, 1);
}

Tensor SdeNetwork::readout() const {
  const std::size_t last = parameters_.size() - 3;
  return torch::cat({parameters_[last].second, parameters_[last + 2].second, parameters_[last + 1].second.unsqueeze(1)},
                    1);
}

void SdeNetwork::set_readout(const Tensor& map) {
  const torch::NoGradGuard no_grad;
  const std::size_t last = parameters_.size() - 3;
  const std::int64_t width = parameters_[last].second.size(1), inputs = parameters_[last + 2].second.size(1);
  parameters_[last].second.copy_(map.narrow(1, 0, width));
  parameters_[last + 2].second.copy_(map.narrow(1, width, inputs));
  parameters_[last + 1].second.copy_(map.select(1, width + inputs));
}

SdeModel::SdeModel(const models::Normalizer& normalizer, const SdeOptions& sde, std::uint64_t seed)
    : options(sde),
      drift(normalizer, sde, normalizer.dimension(), seed),
      speed(static_cast<std::size_t>(normalizer.dimension()), 1),
      sigma(speed) {
  if (sde.noise == NoiseKind::state) noise.emplace(normalizer, sde, normalizer.dimension(), seed + 1000);
}

Tensor SdeModel::drift_at(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  return drift(x, mu, t) * row(speed, x);
}

Tensor SdeModel::midpoint_drift(const Tensor& x, const Tensor& mu, const Tensor& t, const Tensor& h) const {
  return drift_at(x + h / 2 * drift_at(x, mu, t), mu, t + h / 2);
}

Tensor SdeModel::sigma_at(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor own = row(sigma, x);
  return noise ? own * (0.5 * (*noise)(x, mu, t)).exp() : own.expand_as(x);
}

optim::NamedTensors SdeModel::parameters() const {
  optim::NamedTensors all;
  for (const auto& [name, value] : drift.parameters()) all.emplace_back("drift." + name, value);
  if (noise)
    for (const auto& [name, value] : noise->parameters()) all.emplace_back("noise." + name, value);
  return all;
}

Tensor sde_step(const SdeModel& model, const Tensor& x, const std::vector<double>& mu, double t, double h,
                const Tensor& xi) {
  const Tensor moved = torch::empty_like(x);
  const Tensor at_mu = row(mu, x);
  parallel_for((x.size(0) + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const torch::NoGradGuard no_grad;
    const std::int64_t first = block * kBlock, count = std::min(kBlock, x.size(0) - first);
    const Tensor own = x.narrow(0, first, count);
    const Tensor own_mu = at_mu.expand({count, -1});
    const Tensor time = torch::full({count, 1}, t, own.options()), step = torch::full({count, 1}, h, own.options());
    moved.narrow(0, first, count)
        .copy_(own + h * model.midpoint_drift(own, own_mu, time, step) +
               std::sqrt(h) * model.sigma_at(own, own_mu, time) * xi.narrow(0, first, count));
  });
  return moved;
}

void write_sde(h5::File& file, const SdeModel& model) {
  const auto d = static_cast<std::int64_t>(model.speed.size());
  const std::string group = kSdeGroup;
  data::write_tensors(file, group + "/parameters", model.parameters());
  file.write<double>(group + "/speed", model.speed, {d});
  file.write<double>(group + "/sigma", model.sigma, {d});
  file.set_attribute(group, "noise", std::string(model.noise ? "state" : "diagonal"));
  file.set_attribute(group, "width", model.options.width);
  file.set_attribute(group, "depth", model.options.depth);
  file.set_attribute(group, "autonomous", std::int64_t{model.options.autonomous});
  file.set_attribute(group, "step", model.step);
}

SdeModel read_sde(const h5::File& file, const models::Normalizer& normalizer) {
  const std::string group = kSdeGroup;
  SdeOptions options;
  options.noise = file.string_attribute(group, "noise") == "state" ? NoiseKind::state : NoiseKind::diagonal;
  options.width = file.integer_attribute(group, "width");
  options.depth = file.integer_attribute(group, "depth");
  options.autonomous = file.integer_attribute(group, "autonomous") != 0;
  SdeModel model(normalizer, options, 0);
  const torch::NoGradGuard no_grad;
  optim::restore(model.parameters(), data::read_tensors(file, group + "/parameters"), "the SDE's networks");
  model.speed = file.read<double>(group + "/speed");
  model.sigma = file.read<double>(group + "/sigma");
  model.step = file.number_attribute(group, "step");
  if (std::ssize(model.speed) != normalizer.dimension() || model.sigma.size() != model.speed.size())
    throw FileError(file.path(), "'/model/sde' does not fit the coordinates. Train the model again.");
  return model;
}

}  // namespace scorefield::training
