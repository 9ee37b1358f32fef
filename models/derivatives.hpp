#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

namespace scorefield::models {

/// A scalar potential of independent samples: x [B, d] -> s [B]. Sample i's value depends on row i only.
using Potential = std::function<torch::Tensor(const torch::Tensor& x)>;

/// A time-dependent scalar potential: (x [B, d], t [B]) -> s [B].
using TimePotential = std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& t)>;

// Reference derivatives by LibTorch autograd: the truth that fused kernels are tested against, and the way out for what
// they do not cover. With `create_graph` results are differentiable again, in x and in whatever else the potential
// depends on; without, they are detached. Work under NoGradGuard too. Each throws c10::ValueError when the potential
// does not return [B].

/// grad_x s(x): [B, d].
[[nodiscard]] torch::Tensor gradient(const Potential& potential, const torch::Tensor& x, bool create_graph = false);

/// d s(x, t) / dt at fixed x: [B].
[[nodiscard]] torch::Tensor time_derivative(const TimePotential& potential, const torch::Tensor& x,
                                            const torch::Tensor& t, bool create_graph = false);

/// lap_x s(x) = sum_j d^2 s / dx_j^2: [B]. Costs d reverse sweeps through the gradient.
[[nodiscard]] torch::Tensor laplacian_exact(const Potential& potential, const torch::Tensor& x,
                                            bool create_graph = false);

/// Hutchinson's estimate mean_p v_p^T (grad^2 s) v_p: [B], unbiased for probes with E[v v^T] = 1 (rademacher_probes).
/// probes: [P, B, d]. Costs P reverse sweeps through the gradient.
[[nodiscard]] torch::Tensor laplacian_hutchinson(const Potential& potential, const torch::Tensor& x,
                                                 const torch::Tensor& probes, bool create_graph = false);

/// Independent signs +1 and -1, [count, B, d] with x's shape, dtype and device; a pure function of (seed, step).
[[nodiscard]] torch::Tensor rademacher_probes(std::int64_t count, const torch::Tensor& x, std::uint64_t seed,
                                              std::uint64_t step);

}  // namespace scorefield::models
