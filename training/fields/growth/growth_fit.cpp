#include "training/fields/growth/growth_fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "solvers/integrators.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kValidationSteps = 4;
constexpr double kLeastDistance = 1e-8;  // squared; keeps the slope of |x - y| finite at 0

Tensor distances(const Tensor& x, const Tensor& y) {
  const auto squares = x.square().sum(1, true) + y.square().sum(1).unsqueeze(0) - 2 * x.matmul(y.t());
  return (squares.clamp_min(0) + kLeastDistance).sqrt();
}

/// The energy distance of a weighted cloud, shares [N, 1], from samples.
Tensor energy_distance(const Tensor& x, const Tensor& shares, const Tensor& y) {
  const auto count = static_cast<double>(y.size(0));
  const auto own = distances(y, y).sum() / (count * std::max(1.0, count - 1));
  return 2 * (shares * distances(x, y)).sum() / count - (shares * shares.t() * distances(x, x)).sum() - own;
}

/// The objective of single steps.
class GrowthObjective {
 public:
  GrowthObjective(const Populations& populations, std::uint64_t seed, const GrowthModel& model)
      : populations_(populations), seed_(seed), model_(model) {}

  /// The objective with the random numbers of one step.
  [[nodiscard]] Tensor loss(std::int64_t step, bool validation) const {
    const auto seed =
        derive_seed(seed_, validation ? kValidationStream : kStepStream, static_cast<std::uint64_t>(step));
    const auto r = static_cast<std::size_t>(step) % populations_.runs().size();
    const auto& run = populations_.runs()[r];
    const auto& options = model_.options;
    GrowingParticles at;
    at.x = populations_.draw(r, 0, options.particles, derive_seed(seed, kParticleStream, 0), validation);
    at.log_weight = torch::zeros({at.x.size(0), 1});
    at.action = torch::zeros({at.x.size(0), 1});
    const auto mu = run.mu.unsqueeze(0).expand({at.x.size(0), -1});
    const auto steps = integrators::steps_per_interval(run.times, options.steps);
    Tensor total = torch::zeros({});
    std::uint64_t number = 0;
    for (std::size_t k = 1; k < run.times.size(); ++k) {
      const double h = (run.times[k] - run.times[k - 1]) / static_cast<double>(steps[k - 1]);
      for (std::int64_t i = 0; i < steps[k - 1]; ++i)
        at = growth_step(model_, at, mu, run.times[k - 1] + static_cast<double>(i) * h, h,
                         integrators::step_noise(at.x, derive_seed(seed, kNoiseStream, 0), number++));
      const auto frame = populations_.draw(r, k, options.points, derive_seed(seed, kParticleStream, k), validation);
      total = total + energy_distance(at.x, at.log_weight.softmax(0), frame);
      if (model_.grows) total = total + options.mass * (at.log_weight.exp().mean().log() - run.log_mass[k]).square();
    }
    return total / static_cast<double>(run.times.size() - 1) + options.action * at.action.mean();
  }

 private:
  const Populations& populations_;
  std::uint64_t seed_;
  const GrowthModel& model_;
};

}  // namespace

SingleRun fit_growth(const Populations& populations, const SingleRunOptions& options, std::uint64_t seed,
                     GrowthModel& model, const RunObserver& report) {
  const GrowthObjective objective(populations, seed, model);
  const auto loss = [&](std::int64_t step) {
    const Tensor value = objective.loss(step, false);
    return StepLoss{value, value};
  };
  const auto validation = [&] {
    double sum = 0;
    for (std::int64_t i = 0; i < kValidationSteps; ++i)
      sum += objective.loss(i, true).item<double>() / kValidationSteps;
    return sum;
  };
  return run_once(model.parameters(), options, loss, validation, report);
}

}  // namespace scorefield::training
