#pragma once

#include <memory>
#include <string>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// Posterior of a logistic regression with intercept on the shipped data (250 rows, 19 features): d = 20, independent
/// N(0, prior^2) on every coefficient. Exact draws by rejection from a Student t around the mode.
[[nodiscard]] std::shared_ptr<const Target> make_logistic(const std::string& name, double prior);

/// Eight schools (Rubin 1981), not centred: (mu, log tau, eta_1..8), d = 10; mu ~ N(0, 25), tau ~ half-Cauchy(5).
[[nodiscard]] std::shared_ptr<const Target> make_eight_schools(const std::string& name);

}  // namespace scorefield::targets
