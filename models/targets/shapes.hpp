#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// Independent pairs (x1, x2): x1 ~ N(0, spread^2), x2 = curvature (x1^2 - spread^2) + N(0, scale^2). dimension even.
[[nodiscard]] std::shared_ptr<const Target> make_banana(const std::string& name, std::int64_t dimension,
                                                        double curvature, double spread, double scale);

/// Neal's funnel: x1 ~ N(0, 9), the others N(0, exp(x1)).
[[nodiscard]] std::shared_ptr<const Target> make_funnel(const std::string& name, std::int64_t dimension);

/// Concentric rings in the plane: a mixture over radii of Gaussians across the radius, width `scale`.
[[nodiscard]] std::shared_ptr<const Target> make_rings(const std::string& name, const std::vector<double>& radii,
                                                       const std::vector<double>& weights, double scale);

}  // namespace scorefield::targets
