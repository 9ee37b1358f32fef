#pragma once

#include "solvers/sampling/method.hpp"

namespace scorefield::sph {

/// Method sph; options sph.*. Any target with a score; the density form needs log p.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::sph
