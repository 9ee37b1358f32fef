#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "models/score.hpp"
#include "solvers/integrate_options.hpp"

namespace scorefield::integrators {

// One step of size h from time t for all N particles at once: x [N, d] -> [N, d], with slope = b(x, t). Pure functions;
// coordinates are not wrapped.

/// x + h b(x, t). Order 1.
[[nodiscard]] torch::Tensor euler_step(const torch::Tensor& x, const torch::Tensor& slope, double h);

/// Heun's method (trapezoidal corrector of an Euler predictor): order 2, two evaluations with that of the slope.
[[nodiscard]] torch::Tensor heun_step(const Drift& drift, const torch::Tensor& x, const torch::Tensor& slope, double t,
                                      double h);

/// Classical Runge-Kutta: order 4, four evaluations with that of the slope.
[[nodiscard]] torch::Tensor rk4_step(const Drift& drift, const torch::Tensor& x, const torch::Tensor& slope, double t,
                                     double h);

/// Cubic with the values and slopes of both ends of a step of size h, at `fraction` of it; error of order h^4.
[[nodiscard]] torch::Tensor hermite(const torch::Tensor& x0, const torch::Tensor& slope0, const torch::Tensor& x1,
                                    const torch::Tensor& slope1, double h, double fraction);

/// x + h b(x, t) + sigma sqrt(h) xi for dX = b dt + sigma dW; sigma [d] or [1], xi [N, d] standard normal. Weak order
/// 1; strong order 1 too, since sigma does not depend on x.
[[nodiscard]] torch::Tensor euler_maruyama_step(const Drift& drift, const torch::Tensor& x, double t, double h,
                                                const torch::Tensor& sigma, const torch::Tensor& xi);

/// Standard normals [N, d] like x, a pure function of (seed, step, particle): the same for any number of threads, any
/// device, and particle i's numbers do not depend on N. Drawn on the CPU in double, then moved.
[[nodiscard]] torch::Tensor step_noise(const torch::Tensor& x, std::uint64_t seed, std::uint64_t step);

/// x with every coordinate j of period L_j > 0 brought to [0, L_j). periods: [d], 0 = not periodic; empty: none is.
[[nodiscard]] torch::Tensor wrap(const torch::Tensor& x, const std::vector<double>& periods);

/// Steps between consecutive output times: `steps` shared out by length, at least 1 each, so that every output time is
/// hit exactly and the total is close to `steps`. @throws UsageError unless times are finite, two at least, and all
/// increase or all decrease.
[[nodiscard]] std::vector<std::int64_t> steps_per_interval(const std::vector<double>& times, std::int64_t steps);

/// Called at every output time: frame k and the particles x [N, d] there, wrapped; the tensor is the observer's to
/// keep.
using FrameObserver = std::function<void(std::int64_t frame, const torch::Tensor& x)>;

/// Steps of rk4 or heun over all of the times: those asked for; else, of an eighth, a quarter, half and all of
/// step_count() the fewest that move the first 256 particles within 1e-3 (root mean square, units of the state) of
/// where twice as many do. For fewer than 1,024 particles, and other methods, step_count().
[[nodiscard]] std::int64_t needed_steps(const Drift& drift, const torch::Tensor& x0, const std::vector<double>& times,
                                        const IntegrateOptions& options);

/// Moves x0 [N, d], given at times.front(), through all output times by needed_steps() steps and returns the last
/// frame. Frame 0 is x0, wrapped. Times that decrease lead back along the drift. Methods without noise that have fewer
/// steps than output intervals take equal steps over the whole time and interpolate the frames between them (hermite);
/// else every output time ends a step. One host synchronisation per frame and per 64 steps, for the check that all
/// values are finite.
/// @throws UsageError (validate, steps_per_interval), c10::ValueError on a wrong shape, DivergenceError naming the
/// first step after which a value was not finite.
torch::Tensor integrate(const Drift& drift, const torch::Tensor& x0, const std::vector<double>& times,
                        const IntegrateOptions& options, const FrameObserver& on_frame = {});

}  // namespace scorefield::integrators
