#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// "theta.2.1", as Stan names elements, as "theta[2,1]"; "z.3.real" as "z.real[3]".
[[nodiscard]] std::string bracketed_name(const std::string& dotted);

/// "mu, theta[8], w[2,3]" as names of elements, row-major: mu, theta[1], ..., w[2,3]. @throws UsageError
[[nodiscard]] std::vector<std::string> element_names(const std::string& variables);

/// Columns with names such as "mu", "theta[1]", "w[2,1]" (indices from 1, in any order) as one variable for each name
/// before the bracket, in the order of their first columns. values: [N, p] on the CPU, names: [p]
/// @throws UsageError where the indices of a name do not fill an array
[[nodiscard]] std::vector<Variable> arrange_variables(const std::vector<std::string>& names,
                                                      const torch::Tensor& values, const std::string& role);

}  // namespace scorefield::targets
