#include "training/calibration/calibrate.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "training/calibration/fit.hpp"
#include "training/calibration/gauss_newton.hpp"

namespace scorefield::training {
namespace {

constexpr double kSmallestStep = 1e-4;  // of half the training range

using Values = std::vector<double>;  // [p], normalised where nothing else is said

/// The best mu so far, with what Gauss-Newton needs of it.
struct Best {
  Values mu;
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

/// What the scan tries: equally spaced values of one parameter; of several, an additive low-discrepancy sequence that
/// begins in the middle of their box.
std::vector<Values> scan_points(std::int64_t scan, std::size_t parameters) {
  std::vector<Values> points;
  if (parameters == 1) {
    for (std::int64_t i = 0; i < scan; ++i)
      points.push_back({-1 + 2 * static_cast<double>(i) / static_cast<double>(scan - 1)});
    return points;
  }
  double golden = 2;  // the root of x^(p + 1) = x + 1, whose powers are the least rational steps
  for (int i = 0; i < 64; ++i) golden = std::pow(1 + golden, 1 / (static_cast<double>(parameters) + 1));
  for (std::int64_t i = 0; i < scan * static_cast<std::int64_t>(parameters); ++i) {
    auto& point = points.emplace_back();
    for (std::size_t j = 0; j < parameters; ++j) {
      const double at = 0.5 + static_cast<double>(i) * std::pow(golden, -static_cast<double>(j + 1));
      point.push_back(-1 + 2 * (at - std::floor(at)));
    }
  }
  return points;
}

/// The best of the scan's points.
Values scan(const CalibrateRequest& request, const Fit& fit, Calibration& result) {
  Values best;
  for (auto mu : scan_points(request.options.scan, fit.names().size())) {
    for (std::size_t j = 0; j < mu.size(); ++j) mu[j] = std::clamp(mu[j], fit.low()[j], fit.high()[j]);
    const auto misfit = fit.observation().compare(fit.predict(mu, false));
    result.scan_mu.push_back(fit.physical(mu));
    result.scan_distance.push_back(std::sqrt(misfit.value));
    if (result.scan_distance.back() <= *std::min_element(result.scan_distance.begin(), result.scan_distance.end()))
      best = mu;
    ++result.rollouts;
    report(request, "scan", result.rollouts, request.options.scan * static_cast<std::int64_t>(fit.names().size()));
  }
  return best;
}

Best evaluated(const Fit& fit, const Values& mu) {
  Best found{mu, fit.predict(mu, true), {}};
  found.misfit = fit.observation().compare(found.prediction);
  return found;
}

double longest(const Values& step) {
  double length = 0;
  for (const double part : step) length = std::max(length, std::abs(part));
  return length;
}

/// From `best` to the minimum of its quadratic model over the training range.
Values gauss_newton_step(const Fit& fit, const Best& best) {
  auto step = bounded_minimum({best.mu, best.misfit.slope, best.misfit.curvature, fit.low(), fit.high()});
  for (std::size_t j = 0; j < step.size(); ++j) step[j] -= best.mu[j];
  return step;
}

/// Gauss-Newton with halved steps where F would grow; never beyond the training range.
Best minimise(const CalibrateRequest& request, const Fit& fit, const Values& start, Calibration& result) {
  Best best = evaluated(fit, start);
  ++result.rollouts;
  for (; result.iterations < request.options.iterations && !result.converged; ++result.iterations) {
    report(request, "gauss-newton", result.iterations, request.options.iterations);
    Values step = gauss_newton_step(fit, best);
    while (longest(step) > kSmallestStep) {
      Values mu = best.mu;
      for (std::size_t j = 0; j < mu.size(); ++j) mu[j] += step[j];
      Best next = evaluated(fit, mu);
      ++result.rollouts;
      if (next.misfit.value < best.misfit.value) {
        best = std::move(next);
        break;
      }
      for (double& part : step) part /= 2;
    }
    result.converged = longest(step) <= kSmallestStep;
  }
  report(request, "gauss-newton", request.options.iterations, request.options.iterations);
  return best;
}

/// One estimate of a resampled observation: a Gauss-Newton step from the best mu. Physical.
Values resampled_estimate(const Fit& fit, const Best& best, std::int64_t draw) {
  const auto resampled = fit.observation().compare_resampled(best.prediction, draw);
  Values difference = resampled.slope;
  for (std::size_t j = 0; j < difference.size(); ++j) difference[j] -= best.misfit.slope[j];
  const auto moved = solve_semidefinite(best.misfit.curvature, difference);
  Values mu = best.mu;
  for (std::size_t j = 0; j < mu.size(); ++j) mu[j] -= moved[j];
  return fit.unbounded(mu);
}

/// Deviations, covariance and percentiles of the bootstrap's estimates.
void summarise_bootstrap(Calibration& result) {
  const std::size_t p = result.mu.size(), count = result.bootstrap.size();
  result.deviation = result.low = result.high = Values(p);
  result.covariance = std::vector<Values>(p, Values(p));
  if (count < 2) return;
  Values mean(p);
  for (const auto& estimate : result.bootstrap)
    for (std::size_t j = 0; j < p; ++j) mean[j] += estimate[j] / static_cast<double>(count);
  for (std::size_t i = 0; i < p; ++i)
    for (std::size_t j = 0; j < p; ++j) {
      double products = 0;
      for (const auto& estimate : result.bootstrap) products += (estimate[i] - mean[i]) * (estimate[j] - mean[j]);
      result.covariance[i][j] = products / static_cast<double>(count - 1);
    }
  for (std::size_t j = 0; j < p; ++j) {
    Values values;
    for (const auto& estimate : result.bootstrap) values.push_back(estimate[j]);
    result.deviation[j] = std::sqrt(result.covariance[j][j]);
    result.low[j] = percentile(values, 0.025);
    result.high[j] = percentile(values, 0.975);
  }
}

/// Estimates from resampled observations, and what they say of the uncertainty.
void bootstrap(const CalibrateRequest& request, const Fit& fit, const Best& best, Calibration& result) {
  const std::int64_t count = request.options.bootstrap;
  for (std::int64_t b = 0; b < count; ++b) {
    if (interrupt_requested()) throw Interrupted("interrupted.");
    result.bootstrap.push_back(resampled_estimate(fit, best, b));
    report(request, "bootstrap", b + 1, count);
  }
  summarise_bootstrap(result);
}

/// F's slope with respect to the physical parameters.
Values physical_slope(const Fit& fit, const Misfit& misfit) {
  Values slope = misfit.slope;
  for (std::size_t j = 0; j < slope.size(); ++j) slope[j] /= fit.half_range(j);
  return slope;
}

}  // namespace

Calibration calibrate(const CalibrateRequest& request) {
  const torch::NoGradGuard no_grad;
  Fit fit(request);
  Calibration result;
  result.names = fit.names();
  if (fit.starts_elsewhere())
    result.warnings.emplace_back(
        "the problem that made the training data is not known: rollouts start from the population of the nearest "
        "training mu. --set calibrate.initial=data starts from the observation's first time.");
  const Values start = scan(request, fit, result);
  fit.use_numbers_of(start);
  const Best best = minimise(request, fit, start, result);
  result.mu = fit.physical(best.mu);
  result.distance = std::sqrt(best.misfit.value);
  result.floor = fit.observation().sampling_floor();
  result.fits = result.floor == 0 || result.distance <= kFits * result.floor;
  result.gradient = physical_slope(fit, best.misfit);
  for (std::size_t j = 0; j < best.mu.size(); ++j)
    if (fit.low()[j] < fit.high()[j] && std::abs(best.mu[j]) > 1 - kSmallestStep)
      result.on_boundary.push_back(result.names[j]);
  result.at_boundary = !result.on_boundary.empty();
  bootstrap(request, fit, best, result);
  return result;
}

CalibrationLoss calibration_loss(const CalibrateRequest& request, const std::vector<double>& numbers_of,
                                 const std::vector<double>& mu) {
  const torch::NoGradGuard no_grad;
  Fit fit(request);
  fit.use_numbers_of(fit.normalised(numbers_of));
  const auto found = evaluated(fit, fit.normalised(mu));
  return {found.misfit.value, physical_slope(fit, found.misfit)};
}

}  // namespace scorefield::training
