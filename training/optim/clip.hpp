#pragma once

#include "training/optim/named_tensors.hpp"

namespace scorefield::optim {

/// Scales all gradients by min(1, max_norm / |g|), |g| the Euclidean norm of all of them together; max_norm 0 leaves
/// them. Returns |g| before scaling, 0-d on the gradients' device: nothing waits for the device, and the result does
/// not depend on the number of threads. A gradient that is not finite makes |g| and all gradients not finite.
torch::Tensor clip_gradient_norm(const NamedTensors& parameters, double max_norm);

}  // namespace scorefield::optim
