#include "training/loss_noise.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "core/require.hpp"
#include "training/batch/source.hpp"
#include "training/losses/choose_loss.hpp"
#include "training/model_file.hpp"
#include "training/objective.hpp"
#include "training/optim/named_tensors.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {

LossNoise measure_loss_noise(const std::string& model_path, const std::string& data_path, TrainConfig config,
                             std::int64_t seed, std::int64_t batches) {
  require("the number of batches of a loss's noise", batches, at_least(2));
  const auto model = load_model(model_path);
  auto reader = open_training_data(data_path, config);
  if (!model.network)
    throw UsageError(model_path + " is a model of kind " + model.kind +
                     ", which has no batches whose noise could be measured.");
  static_cast<void>(resolve_loss(config, reader));
  BatchSource source(std::move(reader), model.network->normalizer(), config, seed);
  const auto objective = config.loss.chosen().objective(config, seed);
  const auto parameters = model.network->parameters();
  const auto n = static_cast<double>(batches);
  double sum = 0, squares = 0, norms = 0;
  torch::Tensor total;
  for (std::int64_t i = 0; i < batches; ++i) {
    for (const auto& parameter : parameters) parameter.mutable_grad().reset();
    auto loss = objective->loss(*model.network, source.make(i), i);
    objective->backward(loss);
    const double value = loss.item<double>();
    sum += value;
    squares += value * value;
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : parameters)
      parts.push_back(optim::gradient_or_zeros(parameter).reshape({-1}).to(torch::kFloat64));
    const auto gradient = torch::cat(parts);
    norms += gradient.square().sum().item<double>();
    total = total.defined() ? total + gradient : gradient;
  }
  LossNoise noise;
  noise.mean = sum / n;
  noise.deviation = std::sqrt(std::max(0.0, (squares - n * noise.mean * noise.mean) / (n - 1)));
  const double of_mean = total.square().sum().item<double>() / (n * n);
  const double spread = (norms - n * of_mean) / (n - 1);  // E|g - E g|^2
  const double signal = of_mean - spread / n;             // |E g|^2
  noise.gradient_noise = signal > 0 ? spread / signal : std::numeric_limits<double>::infinity();
  return noise;
}

}  // namespace scorefield::training
