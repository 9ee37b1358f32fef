#pragma once

#include <memory>
#include <string>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A mixture of m Gaussians with one covariance; m = 1 is the Gaussian. Weights sum to 1, log p is normalised.
/// @param weights [m], means [m, d], covariance [d, d] symmetric positive definite
/// @throws UsageError unless the covariance has a Cholesky factor
[[nodiscard]] std::shared_ptr<const Target> make_mixture(const std::string& name, const torch::Tensor& weights,
                                                         const torch::Tensor& means, const torch::Tensor& covariance);

/// Multivariate Student t: location, scale matrix, nu > 0 degrees of freedom.
[[nodiscard]] std::shared_ptr<const Target> make_student(const std::string& name, const torch::Tensor& location,
                                                         const torch::Tensor& scale_matrix, double nu);

}  // namespace scorefield::targets
