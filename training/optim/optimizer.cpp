#include "training/optim/optimizer.hpp"

#include "training/optim/adam.hpp"
#include "training/optim/soap.hpp"

namespace scorefield::optim {

Optimizer::Optimizer(NamedTensors parameters)
    : parameters_(std::move(parameters)), steps_(torch::zeros({}, torch::kInt64)) {
  check_parameters(parameters_);
}

void Optimizer::load_state(const NamedTensors& saved) { restore(state(), saved, "optimiser state"); }

void Optimizer::step(double learning_rate) {
  prepare(learning_rate);
  apply();
  finish();
}

void Optimizer::zero_grad() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
}

std::int64_t Optimizer::steps() const { return steps_.item<std::int64_t>(); }

std::unique_ptr<Optimizer> make_optimizer(NamedTensors parameters, const OptimizerOptions& options) {
  check_ranges(options);
  if (options.kind == OptimizerKind::adam) return std::make_unique<Adam>(std::move(parameters), options);
  return std::make_unique<Soap>(std::move(parameters), options);
}

}  // namespace scorefield::optim
