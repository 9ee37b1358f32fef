#include "training/calibration/calibrate.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "training/calibration/fit.hpp"

namespace scorefield::training {
namespace {

constexpr double kSmallestStep = 1e-4;  // of half the training range

/// The best mu so far, normalised, with what Gauss-Newton needs of it.
struct Best {
  double mu = 0;
  Prediction prediction;
  Misfit misfit;
};

double percentile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  const double at = fraction * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

void report(const CalibrateRequest& request, const char* stage, std::int64_t done, std::int64_t total) {
  if (request.observer) request.observer({stage, done, total, ""});
}

/// The best of equally spaced mu over the training range.
double scan(const CalibrateRequest& request, const Fit& fit, Calibration& result) {
  const std::int64_t count = request.options.scan;
  double best = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double mu = -1 + 2 * static_cast<double>(i) / static_cast<double>(count - 1);
    const auto misfit = fit.observation().compare(fit.predict(mu, false));
    result.scan_mu.push_back(fit.physical(mu));
    result.scan_distance.push_back(std::sqrt(misfit.value));
    if (result.scan_distance.back() <= *std::min_element(result.scan_distance.begin(), result.scan_distance.end()))
      best = mu;
    report(request, "scan", i + 1, count);
  }
  result.rollouts = count;
  return best;
}

Best evaluated(const Fit& fit, double mu) {
  Best found{mu, fit.predict(mu, true), {}};
  found.misfit = fit.observation().compare(found.prediction);
  return found;
}

/// Gauss-Newton with halved steps where F would grow; never beyond the training range.
Best minimise(const CalibrateRequest& request, const Fit& fit, double start, Calibration& result) {
  Best best = evaluated(fit, start);
  ++result.rollouts;
  for (; result.iterations < request.options.iterations && !result.converged; ++result.iterations) {
    report(request, "gauss-newton", result.iterations, request.options.iterations);
    double step = std::clamp(best.mu - best.misfit.slope / best.misfit.curvature, -1.0, 1.0) - best.mu;
    while (std::abs(step) > kSmallestStep) {
      Best next = evaluated(fit, best.mu + step);
      ++result.rollouts;
      if (next.misfit.value < best.misfit.value) {
        best = std::move(next);
        break;
      }
      step /= 2;
    }
    result.converged = std::abs(step) <= kSmallestStep;
  }
  report(request, "gauss-newton", request.options.iterations, request.options.iterations);
  return best;
}

/// Estimates from resampled observations, and what they say of the uncertainty.
void bootstrap(const CalibrateRequest& request, const Fit& fit, const Best& best, Calibration& result) {
  const std::int64_t count = request.options.bootstrap;
  std::vector<double> estimates;
  for (std::int64_t b = 0; b < count; ++b) {
    if (interrupt_requested()) throw Interrupted("interrupted.");
    const auto resampled = fit.observation().compare_resampled(best.prediction, b);
    const double moved = (resampled.slope - best.misfit.slope) / best.misfit.curvature;
    estimates.push_back(fit.unbounded(best.mu - moved));
    result.bootstrap.push_back({estimates.back()});
    report(request, "bootstrap", b + 1, count);
  }
  result.deviation = result.low = result.high = {0};
  if (count < 2) return;
  double mean = 0, squares = 0;
  for (const double estimate : estimates) mean += estimate / static_cast<double>(count);
  for (const double estimate : estimates) squares += (estimate - mean) * (estimate - mean);
  result.deviation = {std::sqrt(squares / static_cast<double>(count - 1))};
  result.low = {percentile(estimates, 0.025)};
  result.high = {percentile(estimates, 0.975)};
}

}  // namespace

Calibration calibrate(const CalibrateRequest& request) {
  const torch::NoGradGuard no_grad;
  Fit fit(request);
  Calibration result;
  if (fit.starts_elsewhere())
    result.warnings.emplace_back(
        "the problem that made the training data is not known: rollouts start from the population of the nearest "
        "training mu. --set calibrate.initial=data starts from the observation's first time.");
  const double start = scan(request, fit, result);
  fit.use_numbers_of(start);
  const Best best = minimise(request, fit, start, result);
  result.mu = fit.physical(best.mu);
  result.distance = std::sqrt(best.misfit.value);
  result.gradient = {best.misfit.slope / fit.half_range()};
  result.at_boundary = std::abs(best.mu) > 1 - kSmallestStep;
  bootstrap(request, fit, best, result);
  return result;
}

CalibrationLoss calibration_loss(const CalibrateRequest& request, const std::vector<double>& numbers_of,
                                 const std::vector<double>& mu) {
  const torch::NoGradGuard no_grad;
  Fit fit(request);
  fit.use_numbers_of(fit.normalised(numbers_of));
  const auto found = evaluated(fit, fit.normalised(mu));
  return {found.misfit.value, {found.misfit.slope / fit.half_range()}};
}

}  // namespace scorefield::training
