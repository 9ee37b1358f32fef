#include "training/fields/growth/growth_model.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <string>

#include "data/tensor_io.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr const char* kGrowthGroup = "/model/growth";

SwishShape shape_of(const GrowthOptions& options) {
  return {.width = options.width, .depth = options.depth, .autonomous = options.autonomous};
}

}  // namespace

GrowthModel::GrowthModel(const models::Normalizer& normalizer, const GrowthOptions& growth, std::uint64_t seed)
    : options(growth),
      drift(normalizer, shape_of(growth), normalizer.dimension(), seed),
      rate(normalizer, shape_of(growth), 1, seed + 1000) {}

optim::NamedTensors GrowthModel::parameters() const {
  optim::NamedTensors all;
  for (const auto& [name, value] : drift.parameters()) all.emplace_back("drift." + name, value);
  if (grows)
    for (const auto& [name, value] : rate.parameters()) all.emplace_back("rate." + name, value);
  return all;
}

GrowingParticles growth_step(const GrowthModel& model, const GrowingParticles& at, const Tensor& mu, double t, double h,
                             const Tensor& xi) {
  const auto time = [&](double value) { return torch::full({at.x.size(0), 1}, value, at.x.options()); };
  const auto rate = [&](const Tensor& x, double when) {
    return model.grows ? model.rate(x, mu, time(when)) : torch::zeros_like(at.log_weight);
  };
  const Tensor b = model.drift(at.x, mu, time(t)), g = rate(at.x, t);
  const Tensor ahead = at.x + h * b;
  const Tensor b_ahead = model.drift(ahead, mu, time(t + h)), g_ahead = rate(ahead, t + h);
  GrowingParticles next;
  next.x = at.x + (h / 2) * (b + b_ahead);
  if (model.options.noise > 0) next.x = next.x + model.options.noise * std::sqrt(h) * xi;
  next.log_weight = at.log_weight + (h / 2) * (g + g_ahead);
  if (at.action.defined())
    next.action =
        at.action + (h / 2) * at.log_weight.exp() * (b.square().sum(1, true) + model.options.penalty * g.square());
  return next;
}

void write_growth(h5::File& file, const GrowthModel& model) {
  const std::string group = kGrowthGroup;
  data::write_tensors(file, group + "/parameters", model.parameters());
  file.set_attribute(group, "width", model.options.width);
  file.set_attribute(group, "depth", model.options.depth);
  file.set_attribute(group, "autonomous", std::int64_t{model.options.autonomous});
  file.set_attribute(group, "grows", std::int64_t{model.grows});
  file.set_attribute(group, "noise", model.options.noise);
  file.set_attribute(group, "steps", model.options.steps);
}

GrowthModel read_growth(const h5::File& file, const models::Normalizer& normalizer) {
  const std::string group = kGrowthGroup;
  GrowthOptions options;
  options.width = file.integer_attribute(group, "width");
  options.depth = file.integer_attribute(group, "depth");
  options.autonomous = file.integer_attribute(group, "autonomous") != 0;
  options.noise = file.number_attribute(group, "noise");
  options.steps = file.integer_attribute(group, "steps");
  GrowthModel model(normalizer, options, 0);
  model.grows = file.integer_attribute(group, "grows") != 0;
  const torch::NoGradGuard no_grad;
  optim::restore(model.parameters(), data::read_tensors(file, group + "/parameters"), "the networks of the growth");
  return model;
}

}  // namespace scorefield::training
