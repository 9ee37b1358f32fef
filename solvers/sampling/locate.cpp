#include <torch/utils.h>

#include <cmath>
#include <numbers>

#include "solvers/gas/modes.hpp"
#include "solvers/gas/target.hpp"
#include "solvers/sampling/start.hpp"

namespace scorefield::sampling {
namespace {

using gas::Matrix;
using gas::Vector;

constexpr double kFar = 5, kWide = 3;  ///< in deviations of the cloud: places and deviations of modes that lie outside
constexpr double kNegligible = -7;     ///< log of a mode's share that does not count
constexpr double kMoreMass = 3;        ///< nats that modes must have over what the cloud sees
constexpr double kWiden = 2;           ///< deviations of the new cloud over the modes'
constexpr std::uint64_t kStream = std::uint64_t{0x6c} << 56;

/// Mean and covariance of all modes together.
struct Together {
  Vector mean;
  Matrix covariance;
};

Together together(const std::vector<gas::Mode>& modes) {
  const auto d = modes.front().x.size();
  Together all{Vector::Zero(d), Matrix::Zero(d, d)};
  const double n = static_cast<double>(modes.size());  // shares are not known yet: all alike
  for (const auto& mode : modes) all.mean += mode.x / n;
  for (const auto& mode : modes) {
    const Vector shift = mode.x - all.mean;
    all.covariance += (mode.covariance + shift * shift.transpose()) / n;
  }
  return all;
}

/// log of the integral of p as importance sampling from the start sees it: next to nothing where p is elsewhere.
double log_mass_seen(const gas::Cloud& start, const Vector& mean, double deviation) {
  const double d = static_cast<double>(start.dimension());
  Vector log_weight =
      start.log_p + 0.5 / (deviation * deviation) * (start.x.colwise() - mean).colwise().squaredNorm().transpose();
  for (auto& w : log_weight)
    if (!std::isfinite(w)) w = -1e300;
  const double top = log_weight.maxCoeff();
  return top + std::log((log_weight.array() - top).exp().mean()) + d * std::log(deviation) +
         0.5 * d * std::log(2 * std::numbers::pi);
}

}  // namespace

torch::Tensor located_cloud(const torch::Tensor& cloud, const std::shared_ptr<const targets::Target>& target,
                            std::uint64_t seed) {
  if (!target->has_log_density()) return cloud;
  const torch::NoGradGuard no_grad;
  gas::Cloud start;
  start.x = gas::columns(cloud);
  const auto d = start.dimension(), n = start.count();
  if (n < 2 * d + 2) return cloud;
  const Vector mean = start.x.rowwise().mean();
  const double deviation = std::sqrt((start.x.colwise() - mean).squaredNorm() / static_cast<double>(d * n));
  const auto evaluate = gas::make_evaluator(target);
  auto modes = gas::find_modes(
      {.mean = mean, .deviation = deviation, .starts = 32, .seed = seed, .stream = kStream, .along_axes = false}, start,
      evaluate);
  while (!modes.empty() && modes.back().log_mass < modes.front().log_mass + kNegligible) modes.pop_back();
  if (modes.empty()) return cloud;
  bool outside = false;
  for (const auto& mode : modes)
    outside = outside || (mode.x - mean).cwiseAbs().maxCoeff() > kFar * deviation ||
              mode.covariance.diagonal().maxCoeff() > kWide * kWide * deviation * deviation;
  if (!outside) return cloud;
  // The maximum of a funnel lies far down its neck, where there is no mass.
  evaluate(start, false);
  if (modes.front().log_mass < log_mass_seen(start, mean, deviation) + kMoreMass) return cloud;
  const auto all = together(modes);
  const auto factor = dense::try_cholesky(all.covariance, "the modes' covariance");
  if (!factor) return cloud;
  // The cloud's own deviates in the modes' place and shape.
  const Matrix shaped = kWiden / deviation * dense::product(*factor, start.x.colwise() - mean);
  return gas::rows(shaped.colwise() + all.mean);
}

}  // namespace scorefield::sampling
