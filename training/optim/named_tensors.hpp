#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace scorefield::optim {

/// Parameters, or a state that is written to files: tensors by unique name, in a fixed order.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// The parameter's gradient, contiguous; zeros when none was computed (the loss does not see this parameter).
[[nodiscard]] torch::Tensor gradient_or_zeros(const torch::Tensor& parameter);

/// Copies every tensor of `saved` (any device) into the live tensor of the same name: all of them or, when one does
/// not fit, none. @throws Error when a name is missing or superfluous, or a shape or dtype differs; `what` names the
/// state in messages.
void restore(const NamedTensors& live, const NamedTensors& saved, const std::string& what);

/// Checks that parameters are defined, contiguous, of one floating dtype and one device, with unique names.
/// @throws c10::ValueError naming the parameter.
void check_parameters(const NamedTensors& parameters);

}  // namespace scorefield::optim
