#include "solvers/integrators.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/require.hpp"

namespace scorefield::integrators {
namespace {

/// Separates the integrator's noise from every other use of the same seed.
constexpr std::uint64_t kNoiseStream = std::uint64_t{0x73} << 56;

/// Particles per task when noise is drawn.
constexpr std::int64_t kNoiseBlock = 2048;

/// Steps between two looks at whether the particles are still finite, frames apart.
constexpr std::int64_t kCheckInterval = 64;

/// So many particles, of at least four times as many, are moved first to see how many steps it takes: until twice as
/// many steps move them by less, in units of the state.
constexpr std::int64_t kTrialParticles = 256, kLeastForTrial = 4 * kTrialParticles;
constexpr double kTrialTolerance = 1e-3;

}  // namespace

torch::Tensor euler_step(const torch::Tensor& x, const torch::Tensor& slope, double h) { return x + h * slope; }

torch::Tensor heun_step(const Drift& drift, const torch::Tensor& x, const torch::Tensor& slope, double t, double h) {
  return x + h / 2 * (slope + drift.drift(x + h * slope, t + h));
}

torch::Tensor rk4_step(const Drift& drift, const torch::Tensor& x, const torch::Tensor& slope, double t, double h) {
  const torch::Tensor k2 = drift.drift(x + h / 2 * slope, t + h / 2);
  const torch::Tensor k3 = drift.drift(x + h / 2 * k2, t + h / 2);
  const torch::Tensor k4 = drift.drift(x + h * k3, t + h);
  return x + h / 6 * (slope + 2 * k2 + 2 * k3 + k4);
}

torch::Tensor hermite(const torch::Tensor& x0, const torch::Tensor& slope0, const torch::Tensor& x1,
                      const torch::Tensor& slope1, double h, double fraction) {
  const double s = fraction, r = 1 - fraction;
  return r * r * (1 + 2 * s) * x0 + s * s * (1 + 2 * r) * x1 + (h * s * r * r) * slope0 - (h * s * s * r) * slope1;
}

torch::Tensor euler_maruyama_step(const Drift& drift, const torch::Tensor& x, double t, double h,
                                  const torch::Tensor& sigma, const torch::Tensor& xi) {
  return x + h * drift.drift(x, t) + std::sqrt(h) * sigma * xi;
}

torch::Tensor step_noise(const torch::Tensor& x, std::uint64_t seed, std::uint64_t step) {
  const std::int64_t particles = x.size(0), dimension = x.size(1), pairs = (dimension + 1) / 2;
  torch::Tensor noise = torch::empty({particles, dimension}, torch::kFloat64);
  double* const values = noise.data_ptr<double>();
  const Philox random(seed, kNoiseStream ^ step);
  parallel_for((particles + kNoiseBlock - 1) / kNoiseBlock, [&](std::int64_t block) {
    const std::int64_t last = std::min(particles, (block + 1) * kNoiseBlock);
    for (std::int64_t i = block * kNoiseBlock; i < last; ++i) {
      for (std::int64_t p = 0; p < pairs; ++p) {
        const auto pair = random.normals(static_cast<std::uint64_t>(i * pairs + p));
        values[i * dimension + 2 * p] = pair[0];
        if (2 * p + 1 < dimension) values[i * dimension + 2 * p + 1] = pair[1];
      }
    }
  });
  return noise.to(x.options().requires_grad(false));
}

torch::Tensor wrap(const torch::Tensor& x, const std::vector<double>& periods) {
  if (std::none_of(periods.begin(), periods.end(), [](double period) { return period > 0; })) return x;
  torch::Tensor wrapped = x.clone();
  for (std::size_t j = 0; j < periods.size(); ++j) {
    if (periods[j] <= 0) continue;
    torch::Tensor column = wrapped.select(1, static_cast<std::int64_t>(j));
    const torch::Tensor rest = column.remainder(periods[j]);
    // The remainder of a tiny negative number rounds to the period itself, which is the same place as 0.
    column.copy_(rest.masked_fill(rest >= periods[j], 0));
  }
  return wrapped;
}

void bind(OptionSet& set, IntegrateOptions& options) {
  set.add("infer.method", options.method,
          {{"euler", IntegrationMethod::euler},
           {"heun", IntegrationMethod::heun},
           {"rk4", IntegrationMethod::rk4},
           {"euler-maruyama", IntegrationMethod::euler_maruyama}},
          "integrator of the learned drift: rk4, heun, euler (no noise) or euler-maruyama (models with sigma > 0)");
  set.add(
      "infer.steps", options.steps, at_least(0),
      "integration steps over the whole time interval, 0: as many as it takes, at most 96 of rk4 and 256 of heun (512 "
      "of the others); output times between two steps are interpolated (order 4)");
}

std::int64_t step_count(const IntegrateOptions& options) {
  if (options.steps > 0) return options.steps;
  return options.method == IntegrationMethod::rk4 ? 96 : options.method == IntegrationMethod::heun ? 256 : 512;
}

void validate(const IntegrateOptions& options, std::int64_t dimension) {
  check_ranges(options);
  const auto check_entries = [&](const std::vector<double>& values, const char* name, bool scalar_allowed) {
    const auto size = static_cast<std::int64_t>(values.size());
    if (size != 0 && size != dimension && !(scalar_allowed && size == 1))
      throw UsageError(std::string(name) + " has " + std::to_string(size) + " entries, expected one for each of the " +
                       std::to_string(dimension) + " coordinates.");
    for (const double value : values) require(name, value, at_least(0));
  };
  check_entries(options.sigma, "sigma", true);
  check_entries(options.periods, "periods", false);
  const bool noisy = std::any_of(options.sigma.begin(), options.sigma.end(), [](double s) { return s > 0; });
  const bool stochastic = options.method == IntegrationMethod::euler_maruyama;
  if (stochastic && options.sigma.empty())
    throw UsageError("infer.method euler-maruyama needs a sigma; use heun or rk4 for a drift without noise.");
  if (noisy && !stochastic)
    throw UsageError("sigma > 0 needs infer.method euler-maruyama: the others integrate without noise.");
}

std::vector<std::int64_t> steps_per_interval(const std::vector<double>& times, std::int64_t steps) {
  if (times.size() < 2) throw UsageError("a rollout needs a start and at least one later output time.");
  const double total = times.back() - times.front();
  std::vector<std::int64_t> counts;
  for (std::size_t k = 1; k < times.size(); ++k) {
    const double length = times[k] - times[k - 1];
    if (!(length * total > 0) || !std::isfinite(length))
      throw UsageError("output times must increase (or all decrease): time " + std::to_string(k) + " is " +
                       std::to_string(times[k]) + ", the one before " + std::to_string(times[k - 1]) + ".");
    counts.push_back(std::max<std::int64_t>(1, std::llround(static_cast<double>(steps) * length / total)));
  }
  return counts;
}

namespace {

/// Counts on the device after how many steps all values were finite, so that the host need not look at every step.
class FiniteCheck {
 public:
  explicit FiniteCheck(const torch::Tensor& x)
      : finite_steps_(torch::zeros({}, x.options().dtype(torch::kInt64).requires_grad(false))) {}

  void record(const torch::Tensor& x) {
    finite_steps_.add_(x.isfinite().all());
    ++steps_;
  }

  void require() const {
    const auto finite = finite_steps_.item<std::int64_t>();
    if (finite != steps_)
      throw DivergenceError(finite + 1, "a particle's position",
                            "Take more steps (infer.steps), or check that the model was trained for this mu.");
  }

 private:
  torch::Tensor finite_steps_;
  std::int64_t steps_ = 0;
};

}  // namespace

namespace {

/// @throws Interrupted
void stop_where_asked() {
  if (interrupt_requested()) throw Interrupted("interrupted; nothing was written.");
}

/// One step of a method without noise. slope = b(x, t).
torch::Tensor advance(const Drift& drift, IntegrationMethod method, const torch::Tensor& x, const torch::Tensor& slope,
                      double t, double h) {
  switch (method) {
    case IntegrationMethod::heun:
      return heun_step(drift, x, slope, t, h);
    case IntegrationMethod::rk4:
      return rk4_step(drift, x, slope, t, h);
    default:
      return euler_step(x, slope, h);
  }
}

/// Fewer steps than output intervals: equal steps over the whole time, and cubic Hermite interpolation between them
/// from the slopes that the steps need anyway. The interpolation's error is of order 4, never worse than the method's.
torch::Tensor integrate_densely(const Drift& drift, torch::Tensor x, const std::vector<double>& times,
                                const IntegrateOptions& options, FiniteCheck& check, const FrameObserver& on_frame) {
  const std::int64_t steps = options.steps;
  const double start = times.front(), h = (times.back() - start) / static_cast<double>(steps);
  torch::Tensor slope = drift.drift(x, start);
  std::size_t frame = 1;
  for (std::int64_t step = 0; step < steps; ++step) {
    stop_where_asked();
    const bool last = step + 1 == steps;
    const double t = start + static_cast<double>(step) * h, next = last ? times.back() : t + h;
    const torch::Tensor ahead =
        advance(drift, options.method, x, slope, t, h);  // not wrapped: joined to x by a short path
    const torch::Tensor ahead_slope = drift.drift(ahead, next);
    check.record(ahead);
    check.require();
    for (; frame < times.size() && (last || (next - times[frame]) * h >= 0); ++frame) {
      if (!on_frame) continue;
      const double fraction = last && frame + 1 == times.size() ? 1 : (times[frame] - t) / h;
      on_frame(static_cast<std::int64_t>(frame),
               wrap(hermite(x, slope, ahead, ahead_slope, h, fraction), options.periods));
    }
    x = wrap(ahead, options.periods);
    slope = ahead_slope;
  }
  return x;
}

/// Some of many particles at the quarters of the time, after n steps; empty where they get lost.
std::vector<torch::Tensor> quarters(const Drift& drift, const torch::Tensor& some, const std::vector<double>& times,
                                    IntegrateOptions options, std::int64_t n) {
  options.steps = n;
  const double start = times.front(), quarter = (times.back() - start) / 4;
  std::vector<torch::Tensor> found;
  try {
    integrate(drift, some, {start, start + quarter, start + 2 * quarter, start + 3 * quarter, times.back()}, options,
              [&](std::int64_t, const torch::Tensor& x) { found.push_back(x); });
  } catch (const DivergenceError&) {
    return {};
  }
  return found;
}

/// The largest root mean square way between two of these, the short way round.
double distance(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b,
                const std::vector<double>& periods) {
  if (a.empty() || b.empty()) return HUGE_VAL;
  double largest = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    torch::Tensor way = (a[k] - b[k]).to(torch::kFloat64);
    for (std::size_t j = 0; j < periods.size(); ++j) {
      if (periods[j] <= 0) continue;
      const auto column = way.select(1, static_cast<std::int64_t>(j));
      column.sub_(periods[j] * (column / periods[j]).round());
    }
    largest = std::max(largest, way.square().mean().sqrt().item<double>());
  }
  return largest;
}

}  // namespace

std::int64_t needed_steps(const Drift& drift, const torch::Tensor& x0, const std::vector<double>& times,
                          const IntegrateOptions& options) {
  const std::int64_t most = step_count(options);
  const bool adapts = options.method == IntegrationMethod::rk4 || options.method == IntegrationMethod::heun;
  if (options.steps > 0 || !adapts || x0.size(0) < kLeastForTrial) return most;
  const torch::Tensor some = x0.narrow(0, 0, kTrialParticles);
  std::int64_t n = most / 8;
  for (auto found = quarters(drift, some, times, options, n); 2 * n <= most; n *= 2) {
    auto finer = quarters(drift, some, times, options, 2 * n);
    if (distance(found, finer, options.periods) <= kTrialTolerance) return n;
    found = std::move(finer);
  }
  return most;
}

torch::Tensor integrate(const Drift& drift, const torch::Tensor& x0, const std::vector<double>& times,
                        const IntegrateOptions& options, const FrameObserver& on_frame) {
  TORCH_CHECK_VALUE(x0.dim() == 2 && x0.size(1) == drift.dimension(), "initial particles are ", x0.sizes(),
                    ", expected [N, ", drift.dimension(), "]");
  validate(options, drift.dimension());
  IntegrateOptions chosen = options;
  static_cast<void>(steps_per_interval(times, 1));
  chosen.steps = needed_steps(drift, x0, times, options);
  const std::vector<std::int64_t> interval_steps = steps_per_interval(times, chosen.steps);
  const torch::Tensor sigma = torch::tensor(options.sigma, torch::kFloat64).to(x0.options());
  const bool noisy = options.method == IntegrationMethod::euler_maruyama;

  const torch::NoGradGuard no_grad;
  FiniteCheck check(x0);
  torch::Tensor x = wrap(x0.detach(), options.periods);
  if (on_frame) on_frame(0, x);
  if (!noisy && chosen.steps < static_cast<std::int64_t>(times.size()) - 1)
    return integrate_densely(drift, x, times, chosen, check, on_frame);

  std::int64_t step = 0;
  for (std::size_t k = 0; k + 1 < times.size(); ++k) {
    const double h = (times[k + 1] - times[k]) / static_cast<double>(interval_steps[k]);
    for (std::int64_t i = 0; i < interval_steps[k]; ++i, ++step) {
      stop_where_asked();
      const double t = times[k] + static_cast<double>(i) * h;
      x = noisy ? euler_maruyama_step(drift, x, t, h, sigma,
                                      step_noise(x, options.seed, static_cast<std::uint64_t>(step)))
                : advance(drift, options.method, x, drift.drift(x, t), t, h);
      x = wrap(x, options.periods);
      check.record(x);
      if ((step + 1) % kCheckInterval == 0) check.require();
    }
    check.require();
    if (on_frame) on_frame(static_cast<std::int64_t>(k) + 1, x);
  }
  return x;
}

}  // namespace scorefield::integrators
