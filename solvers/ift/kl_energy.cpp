#include "solvers/ift/kl_energy.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/error.hpp"
#include "solvers/ift/weights.hpp"

namespace scorefield::ift {

KlFlow::KlFlow(const FlowOptions& options, Cloud start, bool with_weights, std::uint64_t seed,
               pairs::PairSums pair_sums)
    : options_(options),
      with_weights_(with_weights),
      seed_(seed),
      pair_sums_(pair_sums ? std::move(pair_sums) : pairs::fused_pair_sums(true)) {
  check_ranges(options);
  const auto n = static_cast<std::size_t>(start.n);
  if (start.w.empty()) start.w.assign(n, 1.0 / static_cast<double>(n));
  state.cloud = std::move(start);
}

void KlFlow::step(const DensityAt& density) {
  Cloud& cloud = state.cloud;
  const auto n = static_cast<std::size_t>(cloud.n), d = static_cast<std::size_t>(cloud.d);
  const double dimension = static_cast<double>(d);
  h_ = options_.kernel.bandwidth > 0
           ? options_.kernel.bandwidth
           : pairs::median_distance(cloud.x.data(), cloud.n, cloud.d) / std::sqrt(2 * dimension) *
                 std::pow(static_cast<double>(n), -1 / (dimension + 4));
  const pairs::RadialKernel kernel{pairs::Form::gaussian, {h_}};
  std::vector<double> rho(n), own(n * d), b(n), back(n), others(n * d), log_density(n), score(n * d);
  pair_sums_(kernel, {cloud.x.data(), cloud.n, cloud.x.data(), cloud.n, cloud.d, cloud.w.data()},
             {.value = rho.data(), .gradient = own.data()});
  for (std::size_t i = 0; i < n; ++i) b[i] = cloud.w[i] / rho[i];
  pair_sums_(kernel, {cloud.x.data(), cloud.n, cloud.x.data(), cloud.n, cloud.d, b.data()},
             {.value = back.data(), .gradient = others.data()});
  density(cloud.x, log_density, score);

  const double log_norm = 0.5 * dimension * std::log(2 * std::numbers::pi * h_ * h_);
  std::vector<double> slope(n);
  double mean = 0, squares = 0;
  state.loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double excess = std::log(rho[i]) - log_norm - log_density[i];
    slope[i] = excess + back[i];
    state.loss += cloud.w[i] * excess;
    mean += cloud.w[i] * slope[i];
    double square = 0;
    double* velocity = own.data() + i * d;
    for (std::size_t c = 0; c < d; ++c) {
      velocity[c] = score[i * d + c] - velocity[c] / rho[i] - others[i * d + c];
      square += velocity[c] * velocity[c];
    }
    // A score can be steep far out: nobody moves farther than h in a step.
    const double unit = (options_.step > 0 ? options_.step : 0.5) * h_ * h_;
    const double move = std::min(unit, h_ * std::sqrt(dimension) / std::max(std::sqrt(square), 1e-300));
    for (std::size_t c = 0; c < d; ++c) cloud.x[i * d + c] += move * velocity[c];
    squares += move * move * square;
  }
  state.speed = std::sqrt(squares / static_cast<double>(n));
  if (!std::isfinite(state.speed)) throw DivergenceError(state.iteration, "a position", "Lower ift.step.");
  if (with_weights_) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      sum += cloud.w[i] *= std::exp(std::clamp(-options_.weight_rate * (slope[i] - mean), -1.0, 1.0));
    for (double& w : cloud.w) w /= sum;
    state.splits += split_heavy(cloud.x, cloud.w, cloud.d, options_.ess, h_,
                                Philox(seed_, static_cast<std::uint64_t>(state.iteration * 8 + 1)));
  }
  ++state.iteration;
}

}  // namespace scorefield::ift
