#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// All 1D1V cases, in the order of the documentation. The particle solver runs each as a problem of its own name, the
/// grid as `vlasov.case`.
[[nodiscard]] const std::vector<std::shared_ptr<const PlasmaCase>>& plasma_cases();
[[nodiscard]] std::vector<std::string> plasma_case_names();

/// Null for an unknown name.
[[nodiscard]] std::shared_ptr<const PlasmaCase> find_plasma_case(const std::string& name);

}  // namespace scorefield::problems
