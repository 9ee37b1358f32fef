#include "training/optim/soap.hpp"

#include <algorithm>

#include "models/serial_section.hpp"

namespace scorefield::optim {
namespace {

bool is_rotated(const torch::Tensor& parameter, const OptimizerOptions& options) {
  const MatrixShape shape = matrix_shape(parameter);
  return parameter.numel() > 0 && (is_preconditioned(shape.rows, options) || is_preconditioned(shape.columns, options));
}

std::vector<KroneckerGroup> make_groups(const NamedTensors& parameters, const OptimizerOptions& options) {
  std::vector<std::pair<MatrixShape, NamedTensors>> by_shape;
  for (const auto& entry : parameters) {
    if (!is_rotated(entry.second, options)) continue;
    const MatrixShape shape = matrix_shape(entry.second);
    auto group = std::find_if(by_shape.begin(), by_shape.end(), [&](const auto& g) { return g.first == shape; });
    if (group == by_shape.end()) group = by_shape.insert(group, {shape, {}});
    group->second.push_back(entry);
  }
  std::vector<KroneckerGroup> groups;
  groups.reserve(by_shape.size());
  for (auto& [shape, members] : by_shape)
    groups.emplace_back(std::move(members), options, static_cast<std::int64_t>(groups.size()));
  return groups;
}

NamedTensors unrotated(const NamedTensors& parameters, const OptimizerOptions& options) {
  NamedTensors rest;
  for (const auto& entry : parameters)
    if (!is_rotated(entry.second, options)) rest.push_back(entry);
  return rest;
}

}  // namespace

Soap::Soap(NamedTensors parameters, const OptimizerOptions& options)
    : Optimizer(std::move(parameters)),
      groups_(make_groups(parameters_, options)),
      vectors_(unrotated(parameters_, options), options) {}

void Soap::prepare(double learning_rate) {
  count_ = steps();
  steps_.add_(1);
  if (count_ == 0) return;
  for (auto& group : groups_) group.prepare(count_, learning_rate);
  vectors_.prepare(count_, learning_rate);
}

void Soap::apply() {
  const SerialSection serial;
  if (count_ == 0) {
    for (auto& group : groups_) group.initialise();
    return;
  }
  for (auto& group : groups_) group.apply();
  vectors_.apply();
}

void Soap::finish() {
  const SerialSection serial;
  if (count_ == 0) return;
  for (auto& group : groups_) group.refresh_bases(count_);
}

NamedTensors Soap::state() const {
  NamedTensors state = vectors_.state();
  for (const auto& group : groups_) {
    NamedTensors part = group.state();
    state.insert(state.end(), part.begin(), part.end());
  }
  state.emplace_back("step", steps_);
  return state;
}

}  // namespace scorefield::optim
