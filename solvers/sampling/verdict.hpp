#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "solvers/sampling/checks/check.hpp"
#include "solvers/sampling/counted_target.hpp"
#include "solvers/sampling/sampler.hpp"

namespace scorefield::sampling {

/// A finished cloud [N, d], as the checks see it.
struct Finished {
  const torch::Tensor& samples;
  const torch::Tensor& weights;  ///< [N] or undefined
  const torch::Tensor& initial;
  const Sampler& sampler;
  std::int64_t replicas = 1;
  std::uint64_t seed = 0;
};

/// What the checks (checks/check.hpp) say of it; for a set of samples, how far it is from them. Evaluations are counted
/// by the target.
[[nodiscard]] std::vector<Check> judge(const Finished& cloud, const std::shared_ptr<CountedTarget>& target);

/// One line that names every failed check with its value and floor and says what the first means; empty where all are
/// passed.
[[nodiscard]] std::string distrust(const std::vector<Check>& checks);

}  // namespace scorefield::sampling
