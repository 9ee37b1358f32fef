#include "solvers/sph/fluid.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "solvers/sph/value_gradient.hpp"

namespace scorefield::sph {
namespace {

constexpr std::int64_t kTrustedDimension = 6;
constexpr std::int64_t kWhitenInterval = 5;
constexpr double kSettled = 0.6;  // share of the steps after which h and the metric stay

double norm_of(const double* v, std::size_t d) {
  double square = 0;
  for (std::size_t c = 0; c < d; ++c) square += v[c] * v[c];
  return std::sqrt(square);
}

}  // namespace

double default_smoothing_length(std::int64_t n, std::int64_t d) {
  const double dimension = static_cast<double>(d);
  return (1 + 4.5 / dimension) * std::sqrt(4 * std::numbers::pi) * std::pow(static_cast<double>(n), -1 / dimension);
}

Fluid::Fluid(const SphOptions& options, const std::vector<double>& x, std::int64_t d, std::int64_t steps,
             NeighbourSums elsewhere)
    : z(x),
      v(x.size(), 0.0),
      metric(d),
      options_(options),
      d_(d),
      steps_(steps),
      neighbours_(options.kernel, std::move(elsewhere)) {
  check_ranges(options);
  if (d > kTrustedDimension && !options.force_dimension)
    throw UsageError("SPH is refused at d = " + std::to_string(d) +
                     ", above 6: a particle's neighbours within any useful smoothing length "
                     "become too few, its own kernel dominates the density, pressure vanishes and the cloud shrinks "
                     "(variance 0.1 of the "
                     "target's at d = 50). Use --method gas, or --set sph.force_dimension=true to see it.");
  const std::int64_t n = static_cast<std::int64_t>(x.size()) / d;
  final_h_ = options.smoothing_length > 0 ? options.smoothing_length : default_smoothing_length(n, d);
}

double Fluid::smoothing_length() const {
  const double start = std::max(options_.initial_smoothing, final_h_);
  const double progress =
      static_cast<double>(iteration) / (kSettled * static_cast<double>(std::max<std::int64_t>(steps_, 1)));
  return start * std::pow(final_h_ / start, std::clamp(progress, 0.0, 1.0));
}

/// The metric changes and positions stay. Velocities keep their whitened values: those of a contracting cloud would
/// grow without bound in a contracting metric.
void Fluid::follow_the_cloud() {
  const auto x = metric.to_x(z);
  const double before = metric.log_determinant();
  metric = Whitening::of(x, d_);
  z = metric.to_z(x);
  for (double& density : rho) density *= std::exp(metric.log_determinant() - before);
}

void Fluid::exchange(StateArchive& archive) {
  const auto n = static_cast<std::int64_t>(z.size()) / d_;
  archive.array("z", {n, d_}, z);
  archive.array("v", {n, d_}, v);
  archive.array("rho", {n}, rho);
  archive.group("metric", [&] {
    archive.array("mean", {d_}, metric.mean);
    archive.array("L", {d_, d_}, metric.L);
  });
  archive.count("iteration", iteration, 0, steps_);
  archive.number("free_energy", free_energy, StateArchive::Numbers::any);  // not a number without log p
  archive.number("mean_speed", mean_speed);
  archive.number("time_step", dt);
}

std::vector<double> Fluid::body_force(const Answer& answer) const {
  if (options_.force == SphOptions::Force::density)
    return gradient_of_values(neighbours_, {options_.kernel, smoothing_length()}, z, rho, answer.log_density);
  return metric.gradient_in_z(answer.score);
}

void Fluid::step(const Target& target) {
  const auto d = static_cast<std::size_t>(d_), n = z.size() / d;
  const double h = smoothing_length(), nu = options_.viscosity * h;
  if (options_.whiten && iteration % kWhitenInterval == 0 &&
      static_cast<double>(iteration) < kSettled * static_cast<double>(steps_))
    follow_the_cloud();
  const Answer answer = target(metric.to_x(z));

  neighbours_.arrange(z, d_, h);
  if (options_.density == SphOptions::Density::summation || rho.empty()) neighbours_.density(rho);
  std::vector<double> A(n), acceleration;
  for (std::size_t i = 0; i < n; ++i) A[i] = options_.pressure ? 1 / rho[i] : 0;
  neighbours_.acceleration(A, rho, v, nu, acceleration);
  const auto force = body_force(answer);
  for (std::size_t i = 0; i < acceleration.size(); ++i) acceleration[i] += options_.alpha * force[i];

  // A cloud wider than the target falls inwards and would pass through a focus: critical damping at the body force's
  // mean curvature, which is 1 at rest in whitened coordinates.
  double curvature = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    curvature -= options_.alpha * force[i] * z[i] / static_cast<double>(z.size());
  const double damping = options_.damping * std::sqrt(std::max(1.0, curvature));

  double fastest = 0, steepest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    fastest = std::max(fastest, norm_of(&v[i * d], d));
    const double a = norm_of(&acceleration[i * d], d);
    if (!(std::isfinite(a))) throw DivergenceError(iteration, "an acceleration", "Lower sph.cfl.");
    steepest = std::max(steepest, a);
  }
  dt = options_.cfl * std::min(h / (1 + fastest), std::sqrt(h / std::max(steepest, 1e-300)));
  if (options_.density == SphOptions::Density::continuity) {
    const auto rate = density_rate(neighbours_, {options_.kernel, h}, options_.diffusion, z, v, rho);
    for (std::size_t i = 0; i < n; ++i) rho[i] *= std::exp(std::clamp(dt * rate[i] / rho[i], -1.0, 1.0));
  }

  double kinetic = 0, speed = 0, potential = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < d; ++c) {
      v[i * d + c] = (v[i * d + c] + dt * acceleration[i * d + c]) / (1 + damping * dt);
      z[i * d + c] += dt * v[i * d + c];
    }
    const double here = norm_of(&v[i * d], d);
    speed += here;
    kinetic += here * here / 2;
    potential += std::log(rho[i]);
    if (!answer.log_density.empty()) potential -= options_.alpha * answer.log_density[i];
  }
  mean_speed = speed / static_cast<double>(n);
  free_energy = answer.log_density.empty() ? std::numeric_limits<double>::quiet_NaN()
                                           : (potential + kinetic) / static_cast<double>(n) - metric.log_determinant();
  ++iteration;
}

}  // namespace scorefield::sph
