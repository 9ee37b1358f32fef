#include "training/optim/ema.hpp"

#include <torch/utils.h>

#include <algorithm>

#include "models/serial_section.hpp"

namespace scorefield::optim {

ExponentialMovingAverage::ExponentialMovingAverage(NamedTensors parameters, double decay)
    : decay_(decay), updates_(torch::zeros({}, torch::kInt64)) {
  check_parameters(parameters);
  TORCH_CHECK_VALUE(decay >= 0 && decay < 1, "decay of the averaged weights must be in [0, 1), got ", decay);
  for (const auto& [name, parameter] : parameters) {
    names_.push_back(name);
    values_.push_back(parameter.detach());
    averages_.push_back(values_.back().clone());
  }
  if (!values_.empty()) weight_ = torch::zeros({}, values_.front().options());
}

void ExponentialMovingAverage::update() {
  prepare();
  apply();
}

void ExponentialMovingAverage::prepare() {
  if (values_.empty()) return;
  const auto n = static_cast<double>(updates_.item<std::int64_t>());
  weight_.fill_(1 - std::min(decay_, (1 + n) / (10 + n)));
  updates_.add_(1);
}

void ExponentialMovingAverage::apply() {
  if (values_.empty()) return;
  const SerialSection serial;
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(averages_, values_, std::vector<torch::Tensor>(values_.size(), weight_));
}

NamedTensors ExponentialMovingAverage::averages() const {
  NamedTensors named;
  for (std::size_t i = 0; i < names_.size(); ++i) named.emplace_back(names_[i], averages_[i]);
  return named;
}

void ExponentialMovingAverage::swap() {
  torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const torch::Tensor value = values_[i].clone();
    values_[i].copy_(averages_[i]);
    averages_[i].copy_(value);
  }
}

NamedTensors ExponentialMovingAverage::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < names_.size(); ++i) state.emplace_back("ema." + names_[i], averages_[i]);
  state.emplace_back("ema_updates", updates_);
  return state;
}

void ExponentialMovingAverage::load_state(const NamedTensors& saved) { restore(state(), saved, "averaged weights"); }

}  // namespace scorefield::optim
