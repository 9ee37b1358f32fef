#include "training/field_probe.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {

FieldProbe::FieldProbe(const std::string& model_path) : model_(std::make_unique<ReducedModel>(load_model(model_path))) {
  static_cast<void>(require_drift(*model_, model_path));
  if (model_->network->options().vector)
    throw UsageError(model_path + " is a model of kind " + model_->kind + ", which has no potential to compare.");
}

FieldProbe::~FieldProbe() = default;

FieldProbe::Values FieldProbe::at(const std::vector<double>& mu, double t, std::span<const float> x) const {
  auto& network = *model_->network;
  const auto& normalizer = network.normalizer();
  const auto d = static_cast<std::size_t>(normalizer.dimension());
  if (x.empty() || x.size() % d != 0) throw Error("points of a field must be [N, d], N at least 1");
  std::vector<float> normalised(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    normalised[i] = static_cast<float>((x[i] - normalizer.center[i % d]) / normalizer.scale[i % d]);
  const auto count = static_cast<std::int64_t>(x.size() / d);
  const auto points = torch::from_blob(normalised.data(), {count, static_cast<std::int64_t>(d)}, torch::kFloat32);
  const auto at_mu = network.normalized_mu(mu);
  const double at_time = normalizer.normalized_time(t);
  Values values;
  {
    const torch::NoGradGuard no_graph;
    const auto gradient = network.field(points, at_mu, at_time).to(torch::kFloat64).contiguous();
    values.gradient.assign(gradient.const_data_ptr<double>(), gradient.const_data_ptr<double>() + gradient.numel());
  }
  const auto time = torch::full({1}, at_time, torch::kFloat32).requires_grad_();
  const auto mean = network.potential(points.unsqueeze(0), at_mu, time).mean();
  values.mean_rate = torch::autograd::grad({mean}, {time})[0].item<double>();
  return values;
}

const std::vector<double>& FieldProbe::scale() const { return model_->network->normalizer().scale; }
double FieldProbe::time_span() const { return model_->network->normalizer().time_span; }
double FieldProbe::sigma() const { return model_->sigma; }

}  // namespace scorefield::training
