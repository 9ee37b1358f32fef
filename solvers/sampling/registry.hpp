#pragma once

#include <string>
#include <vector>

#include "solvers/sampling/method.hpp"

namespace scorefield::sampling {

/// Every method, with options of its own, in the order of `list methods`. Built anew by each call.
[[nodiscard]] std::vector<Method> make_methods();

/// The method of that name and, where the name was "auto", why it was chosen.
struct Choice {
  const Method& method;
  std::string reason;
};
/// @throws UsageError for an unknown name
[[nodiscard]] Choice choose_method(const std::vector<Method>& methods, const std::string& name,
                                   const targets::Target& target);

}  // namespace scorefield::sampling
