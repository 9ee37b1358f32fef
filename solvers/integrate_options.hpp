#pragma once

#include <cstdint>
#include <vector>

#include "core/options.hpp"

namespace scorefield::integrators {

enum class IntegrationMethod { euler, heun, rk4, euler_maruyama };

struct IntegrateOptions {
  IntegrationMethod method = IntegrationMethod::rk4;
  std::int64_t steps = 0;       ///< steps over the whole interval; 0: what they need, at most step_count()
  std::vector<double> sigma;    ///< diffusion in dX = b dt + sigma dW: [d] or one number; euler-maruyama only
  std::vector<double> periods;  ///< [d], 0 = not periodic; empty: none is
  std::uint64_t seed = 0;       ///< of the noise
};

/// Keys infer.method and infer.steps; the other fields belong to the model and the data.
void bind(OptionSet& set, IntegrateOptions& options);

/// Steps over the whole interval: those asked for, else at most 96 of rk4 and 256 of heun, and 512 of the methods of
/// first order.
[[nodiscard]] std::int64_t step_count(const IntegrateOptions& options);

/// @throws UsageError: negative steps, a sigma for a method without noise, no sigma for euler-maruyama, negative or
/// non-finite entries, lengths other than `dimension`.
void validate(const IntegrateOptions& options, std::int64_t dimension);

}  // namespace scorefield::integrators
