#include "training/optim/clip.hpp"

#include <torch/utils.h>

#include "models/serial_section.hpp"

namespace scorefield::optim {

torch::Tensor clip_gradient_norm(const NamedTensors& parameters, double max_norm) {
  const SerialSection serial;
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients, flat;
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.grad().defined()) continue;
    gradients.push_back(parameter.grad().detach());
    flat.push_back(gradients.back().reshape({-1}));
  }
  if (gradients.empty()) return torch::zeros({});
  const torch::Tensor norm = at::linalg_vector_norm(at::cat(flat));
  if (max_norm > 0) at::_foreach_mul_(gradients, (max_norm / norm).clamp_max(1.0));
  return norm;
}

}  // namespace scorefield::optim
