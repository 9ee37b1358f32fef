#pragma once

#include <memory>
#include <string>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A TorchScript module: `forward(x [N, d]) -> [N]` is log p, the integer attribute `dim` is d, and a method
/// `score(x) -> [N, d]` replaces autograd where it is there. Called with float64; a module whose parameters are
/// float32, or that takes nothing else, is called with float32.
/// @throws FileError when the file is no such module, or when trial calls give another shape, couple the rows of a
/// batch, or have a score that is not the gradient; UsageError when log p gives no gradient
[[nodiscard]] std::shared_ptr<const Target> open_script_target(const std::string& path, torch::Device device);

}  // namespace scorefield::targets
