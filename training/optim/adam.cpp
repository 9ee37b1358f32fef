#include "training/optim/adam.hpp"

#include <torch/utils.h>

#include "models/serial_section.hpp"

namespace scorefield::optim {

FusedAdam::FusedAdam(NamedTensors parameters, const OptimizerOptions& options) : options_(options) {
  for (auto& [name, parameter] : parameters) {
    names_.push_back(name);
    values_.push_back(parameter.detach());
    exp_avg_.push_back(torch::zeros_like(values_.back()));
    exp_avg_sq_.push_back(torch::zeros_like(values_.back()));
    parameters_.push_back(std::move(parameter));
  }
  if (values_.empty()) return;
  const auto options_of = values_.front().options();
  count_ = torch::zeros({}, options_of.dtype(torch::kFloat32));
  rate_ = torch::zeros({}, options_of.dtype(values_.front().is_cpu() ? torch::kFloat64 : torch::kFloat32));
}

void FusedAdam::prepare(std::int64_t count, double learning_rate) {
  if (values_.empty()) return;
  count_.fill_(static_cast<double>(count));
  rate_.fill_(learning_rate);
}

void FusedAdam::apply() {
  if (values_.empty()) return;
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (const auto& parameter : parameters_) gradients.push_back(gradient_or_zeros(parameter));
  const std::vector<torch::Tensor> counts(values_.size(), count_);
  at::_fused_adamw_(values_, gradients, exp_avg_, exp_avg_sq_, /*max_exp_avg_sqs=*/{}, counts, rate_,
                    options_.resolved_beta1(), options_.resolved_beta2(), options_.weight_decay, options_.epsilon,
                    /*amsgrad=*/false, /*maximize=*/false);
}

NamedTensors FusedAdam::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    state.emplace_back("exp_avg." + names_[i], exp_avg_[i]);
    state.emplace_back("exp_avg_sq." + names_[i], exp_avg_sq_[i]);
  }
  return state;
}

Adam::Adam(NamedTensors parameters, const OptimizerOptions& options)
    : Optimizer(std::move(parameters)), adam_(parameters_, options) {}

void Adam::prepare(double learning_rate) {
  steps_.add_(1);
  adam_.prepare(steps(), learning_rate);
}

void Adam::apply() {
  const SerialSection serial;
  adam_.apply();
}

NamedTensors Adam::state() const {
  NamedTensors state = adam_.state();
  state.emplace_back("step", steps_);
  return state;
}

}  // namespace scorefield::optim
