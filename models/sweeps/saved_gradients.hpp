#pragma once

#include <torch/autograd.h>

#include <vector>

namespace scorefield::models {

// For autograd functions whose forward pass has the gradients already: it saves them, and the backward pass scales
// them.

inline void save_gradients(torch::autograd::AutogradContext* context, const std::vector<torch::Tensor>& gradients) {
  context->saved_data["gradients"] = gradients;
}

/// The gradients of a function of a list of tensors and one argument that has no gradient.
[[nodiscard]] inline torch::autograd::variable_list scaled_gradients(
    torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grad_output) {
  auto gradients = context->saved_data["gradients"].toTensorVector();
  at::_foreach_mul_(gradients, grad_output[0]);
  gradients.emplace_back();
  return gradients;
}

}  // namespace scorefield::models
