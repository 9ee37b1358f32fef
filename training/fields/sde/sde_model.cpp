#include "training/fields/sde/sde_model.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "data/tensor_io.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr const char* kSdeGroup = "/model/sde";
constexpr std::int64_t kBlock = 1024;

Tensor row(const std::vector<double>& values, const Tensor& like) {
  return torch::tensor(values, torch::kFloat64).to(like.options());
}

SwishShape network_shape(const SdeOptions& options) {
  return {.width = options.width, .depth = options.depth, .autonomous = options.autonomous};
}

LibraryDegrees first_degrees(const SdeOptions& options) { return {.time = options.autonomous ? 0 : 1}; }

/// b of any particles of one mu at one time: what depends on these alone is worked out once.
class DriftOfAll {
 public:
  DriftOfAll(const SdeModel& model, const Tensor& mu, double t)
      : model_(model), mu_(mu), time_(torch::full({1, 1}, t, mu.options())) {
    const torch::NoGradGuard no_grad;
    const auto& library = model.library;
    const Tensor course = library.of_course(mu, time_);  // [1, C]
    weights_ = model.readout.view({-1, library.state_size(), library.course_size()}).matmul(course[0]).t().contiguous();
  }

  [[nodiscard]] Tensor operator()(const Tensor& x) const {
    const Tensor state = model_.rows.state(x);
    Tensor value = model_.library.of_state(state).matmul(weights_);
    if (model_.corrected)
      value = value + model_.correction(state, mu_.expand({state.size(0), -1}), time_.expand({state.size(0), -1}));
    return model_.rows.folded(value * row(model_.speed, value));
  }

 private:
  const SdeModel& model_;
  Tensor mu_, time_;
  Tensor weights_;  ///< [functions of the state, outputs]
};

}  // namespace

SdeModel::SdeModel(const models::Normalizer& normalizer, const SdeOptions& sde, std::uint64_t seed)
    : options(sde),
      rows(normalizer, sde.alike),
      library(rows.columns(), std::ssize(normalizer.mu_center), first_degrees(sde)),
      correction(rows.columns(), std::ssize(normalizer.mu_center), network_shape(sde), rows.outputs(), seed),
      speed(static_cast<std::size_t>(rows.outputs()), 1),
      sigma(static_cast<std::size_t>(normalizer.dimension()), 1) {
  readout = torch::zeros({rows.outputs(), library.size()});
  if (sde.noise == NoiseKind::state)
    noise.emplace(rows.columns(), std::ssize(normalizer.mu_center), network_shape(sde), rows.outputs(), seed + 1000);
}

void SdeModel::set_library(const LibraryDegrees& degrees) {
  library = DriftLibrary(rows.columns(), library.parameters(), degrees);
  readout = torch::zeros({rows.outputs(), library.size()});
}

Tensor SdeModel::drift_at(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor state = rows.state(x), own_mu = rows.repeated(mu), own_t = rows.repeated(t);
  Tensor value = library(state, own_mu, own_t).matmul(readout.t());
  if (corrected) value = value + correction(state, own_mu, own_t);
  return rows.folded(value * row(speed, value));
}

Tensor SdeModel::drift_step(const Tensor& x, const Tensor& mu, const Tensor& t, const Tensor& h) const {
  const Tensor first = drift_at(x, mu, t), second = drift_at(x + h / 2 * first, mu, t + h / 2),
               third = drift_at(x + h / 2 * second, mu, t + h / 2), fourth = drift_at(x + h * third, mu, t + h);
  return h / 6 * (first + 2 * (second + third) + fourth);
}

Tensor SdeModel::sigma_at(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor own = row(sigma, x);
  if (!noise) return own.expand_as(x);
  const Tensor log_ratio = (*noise)(rows.state(x), rows.repeated(mu), rows.repeated(t));
  return own * (0.5 * log_ratio).exp().view({x.size(0), x.size(1)});
}

optim::NamedTensors SdeModel::parameters() const {
  optim::NamedTensors all;
  for (const auto& [name, value] : correction.parameters()) all.emplace_back("drift." + name, value);
  if (noise)
    for (const auto& [name, value] : noise->parameters()) all.emplace_back("noise." + name, value);
  return all;
}

Tensor sde_step(const SdeModel& model, const Tensor& x, const std::vector<double>& mu, double t, double h,
                const Tensor& xi) {
  const Tensor moved = torch::empty_like(x);
  const Tensor at_mu = row(mu, x).view({1, -1});
  const DriftOfAll start(model, at_mu, t), middle(model, at_mu, t + h / 2), end(model, at_mu, t + h);
  parallel_for((x.size(0) + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const torch::NoGradGuard no_grad;
    const std::int64_t first = block * kBlock, count = std::min(kBlock, x.size(0) - first);
    const Tensor own = x.narrow(0, first, count);
    const Tensor k1 = start(own), k2 = middle(own + h / 2 * k1), k3 = middle(own + h / 2 * k2), k4 = end(own + h * k3);
    const Tensor sigma = model.sigma_at(own, at_mu.expand({count, -1}), torch::full({count, 1}, t, own.options()));
    moved.narrow(0, first, count)
        .copy_(own + h / 6 * (k1 + 2 * (k2 + k3) + k4) + std::sqrt(h) * sigma * xi.narrow(0, first, count));
  });
  return moved;
}

void write_sde(h5::File& file, const SdeModel& model) {
  const std::string group = kSdeGroup;
  data::write_tensors(file, group + "/parameters", model.parameters());
  data::write_tensors(file, group + "/library", {{"readout", model.readout}, {"rows", model.rows.table()}});
  file.write<double>(group + "/speed", model.speed, {std::ssize(model.speed)});
  file.write<double>(group + "/sigma", model.sigma, {std::ssize(model.sigma)});
  file.set_attribute(group, "noise", std::string(model.noise ? "state" : "diagonal"));
  file.set_attribute(group, "width", model.options.width);
  file.set_attribute(group, "depth", model.options.depth);
  file.set_attribute(group, "autonomous", std::int64_t{model.options.autonomous});
  file.set_attribute(group, "alike", std::int64_t{model.options.alike});
  file.set_attribute(group, "corrected", std::int64_t{model.corrected});
  file.set_attribute(group, "state_degree", model.library.degrees().state);
  file.set_attribute(group, "mu_degree", model.library.degrees().mu);
  file.set_attribute(group, "time_degree", model.library.degrees().time);
  file.set_attribute(group, "step", model.step);
}

SdeModel read_sde(const h5::File& file, const models::Normalizer& normalizer) {
  const std::string group = kSdeGroup;
  SdeOptions options;
  options.noise = file.string_attribute(group, "noise") == "state" ? NoiseKind::state : NoiseKind::diagonal;
  options.width = file.integer_attribute(group, "width");
  options.depth = file.integer_attribute(group, "depth");
  options.autonomous = file.integer_attribute(group, "autonomous") != 0;
  options.alike = file.integer_attribute(group, "alike") != 0;
  SdeModel model(normalizer, options, 0);
  model.corrected = file.integer_attribute(group, "corrected") != 0;
  model.set_library({.state = file.integer_attribute(group, "state_degree"),
                     .mu = file.integer_attribute(group, "mu_degree"),
                     .time = file.integer_attribute(group, "time_degree")});
  const torch::NoGradGuard no_grad;
  Tensor table = model.rows.table().clone();
  optim::restore({{"readout", model.readout}, {"rows", table}}, data::read_tensors(file, group + "/library"),
                 "the SDE's library");
  model.rows.set_table(table);
  optim::restore(model.parameters(), data::read_tensors(file, group + "/parameters"), "the SDE's networks");
  model.speed = file.read<double>(group + "/speed");
  model.sigma = file.read<double>(group + "/sigma");
  model.step = file.number_attribute(group, "step");
  if (std::ssize(model.speed) != model.rows.outputs() || std::ssize(model.sigma) != normalizer.dimension())
    throw FileError(file.path(), "'/model/sde' does not fit the coordinates. Train the model again.");
  return model;
}

}  // namespace scorefield::training
