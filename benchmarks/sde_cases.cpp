#include "benchmarks/sde_cases.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <random>

#include "core/parallel.hpp"
#include "data/problems/bistable.hpp"
#include "data/problems/chaos_9d.hpp"
#include "data/problems/trap.hpp"
#include "solvers/sde/ensemble.hpp"

namespace scorefield::benchmarks {
namespace {

double median_milliseconds(int repetitions, const std::function<void()>& run) {
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + repetitions / 2, times.end());
  return times[static_cast<std::size_t>(repetitions / 2)];
}

/// What one would write first: particles one by one, Heun's scheme, <random>.
class PlainLoop {
 public:
  using Drift = std::function<void(double t, const std::vector<double>& x, std::vector<double>& b)>;

  PlainLoop(const sde::System& system, const sde::Population& initial, std::int64_t particles, Drift drift)
      : drift_(std::move(drift)), sigma_(system.sigma) {
    for (std::int64_t n = 0; n < particles; ++n) {
      auto& x = particles_.emplace_back(initial.mean);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += initial.deviation[i] * normal_(generator_);
    }
  }

  void advance(std::int64_t steps, double h) {
    const std::size_t d = sigma_.size();
    std::vector<double> b(d), next(d), predicted(d), kick(d);
    for (auto& x : particles_)
      for (std::int64_t step = 0; step < steps; ++step) {
        const double t = static_cast<double>(step) * h;
        drift_(t, x, b);
        for (std::size_t i = 0; i < d; ++i) {
          kick[i] = sigma_[i] == 0 ? 0 : sigma_[i] * std::sqrt(h) * normal_(generator_);
          predicted[i] = x[i] + h * b[i] + kick[i];
        }
        drift_(t + h, predicted, next);
        for (std::size_t i = 0; i < d; ++i) x[i] += h / 2 * (b[i] + next[i]) + kick[i];
      }
  }

 private:
  Drift drift_;
  std::vector<double> sigma_;
  std::vector<std::vector<double>> particles_;
  std::mt19937_64 generator_{1};
  std::normal_distribution<double> normal_;
};

constexpr double kBistableMu = 0.2, kTrapMu = 0.6, kChaosMu = 14;

void plain_bistable(double, const std::vector<double>& x, std::vector<double>& b) {
  b[0] = x[1];
  b[1] = -0.4 * x[1] + x[0] - kBistableMu * x[0] * x[0] * x[0];
}

void plain_trap(double t, const std::vector<double>& x, std::vector<double>& b) {
  const double a = 1.25 * std::sin(std::numbers::pi * t + 1.5 + kTrapMu * std::cos(2 * std::numbers::pi * t));
  double mean = 0;
  for (const double one : x) mean += one / static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) b[i] = (a - x[i]) * (a - x[i]) * (a - x[i]) - 0.5 * (x[i] - mean);
}

void plain_chaos(double, const std::vector<double>& x, std::vector<double>& b) {
  problems::NineModes::State state;
  std::copy(x.begin(), x.end(), state.begin());
  const auto rate = problems::NineModes{kChaosMu}(state);
  std::copy(rate.begin(), rate.end(), b.begin());
}

}  // namespace

std::vector<SdeSpeed> measure_sde(const SdeCaseOptions& options) {
  struct Case {
    std::string name;
    std::unique_ptr<problems::SdeProblem> problem;
    double mu;
    PlainLoop::Drift drift;
  };
  std::vector<Case> cases;
  cases.push_back({"sde bistable", std::make_unique<problems::Bistable>(), kBistableMu, plain_bistable});
  cases.push_back({"sde chaos-9d", std::make_unique<problems::Chaos9d>(), kChaosMu, plain_chaos});
  cases.push_back({"sde trap", std::make_unique<problems::Trap>(), kTrapMu, plain_trap});

  const int threads_before = thread_count();
  std::vector<SdeSpeed> speeds;
  for (const auto& one : cases) {
    const auto model = one.problem->model(one.mu);
    const double h = one.problem->sde_options().dt;
    SdeSpeed speed;
    speed.name = one.name;
    speed.reference = "plain loop over particles, std::mt19937_64";
    speed.dimension = model.system.dimension;
    speed.particles = std::max<std::int64_t>(1, 2 * options.particles / model.system.dimension);
    speed.steps = options.steps;
    const double work = 1e3 * static_cast<double>(speed.particles * speed.steps);

    PlainLoop plain(model.system, model.initial, speed.particles, one.drift);
    speed.reference_milliseconds = median_milliseconds(options.repetitions, [&] { plain.advance(options.steps, h); });
    speed.reference_particle_steps_per_second = work / speed.reference_milliseconds;

    sde::Ensemble ensemble(model.system, model.initial, speed.particles, {h, sde::Scheme::heun, 1, 1, 0});
    for (const int threads : options.threads) {
      set_thread_count(threads);
      speed.threads = threads;
      speed.milliseconds = median_milliseconds(options.repetitions, [&] { ensemble.advance(options.steps); });
      speed.particle_steps_per_second = work / speed.milliseconds;
      speeds.push_back(speed);
    }
    set_thread_count(threads_before);
  }
  return speeds;
}

}  // namespace scorefield::benchmarks
