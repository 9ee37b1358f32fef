#include "training/calibrate.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"
#include "solvers/integrators.hpp"
#include "training/model_file.hpp"
#include "training/sliced_loss.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::uint64_t kBootstrapStream = std::uint64_t{0x63} << 56;

/// Particles of a rollout and their derivatives with respect to the (normalised) mu, at every compared time.
struct Rollout {
  std::vector<Tensor> x, sensitivity;  ///< [F] of [N, d]; the latter empty when not asked for
};

/// Rollouts of one model by Heun's method from a fixed population, with or without dX/dmu.
class Simulator {
 public:
  Simulator(const ReducedModel& model, std::vector<double> times, std::int64_t steps)
      : network_(*model.network), times_(std::move(times)), counts_(integrators::steps_per_interval(times_, steps)) {
    for (std::int64_t c = 0; c < network_.normalizer().dimension(); ++c)
      periods_.push_back(network_.normalizer().normalized_period(c));
  }

  /// mu: normalised.
  [[nodiscard]] Rollout run(const Tensor& start, double mu, bool with_sensitivity) const {
    Rollout rollout;
    Tensor x = start, dx = with_sensitivity ? torch::zeros_like(start) : Tensor();
    for (std::size_t k = 0; k + 1 < times_.size(); ++k) {
      const double h = (times_[k + 1] - times_[k]) / static_cast<double>(counts_[k]);
      for (std::int64_t i = 0; i < counts_[k]; ++i) {
        if (interrupt_requested()) throw Interrupted("interrupted.");
        const double t = times_[k] + static_cast<double>(i) * h;
        const auto [v, dv] = slope(x, dx, mu, t);
        const auto [w, dw] = slope(x + h * v, dx.defined() ? dx + h * dv : dx, mu, t + h);
        x = integrators::wrap(x + h / 2 * (v + w), periods_);
        if (dx.defined()) dx = dx + h / 2 * (dv + dw);
      }
      rollout.x.push_back(x);
      if (dx.defined()) rollout.sensitivity.push_back(dx);
    }
    if (!rollout.x.back().isfinite().all().item<bool>())
      throw DivergenceError(0, "a particle of the rollout", "Take more steps (calibrate.steps).");
    return rollout;
  }

 private:
  struct Slope {
    Tensor v,
        dv;  ///< the drift f + grad_x s, and its derivative along (dx, d mu = 1): (df/dx + Hess s) dx + d/dmu grad_x s
  };

  [[nodiscard]] Slope slope(const Tensor& x, const Tensor& dx, double mu, double t) const {
    const auto condition = torch::full({1, 1}, mu, x.options());
    if (!dx.defined()) return {network_.drift(x, condition, t), {}};
    const torch::AutoGradMode with_graph(true);
    const auto points = x.detach().unsqueeze(0).requires_grad_(true);
    const auto parameter = condition.requires_grad_(true);
    const auto s = network_.potential(points, parameter, torch::full({1}, t, x.options())).sum();
    const auto first = torch::autograd::grad({s}, {points, parameter}, {}, true, true);
    // The Hessian is symmetric: the tangent of the gradient is the gradient of the tangent.
    const auto along = (first[0].squeeze(0) * dx).sum() + first[1].sum();
    const auto second = torch::autograd::grad({along}, {points})[0];
    const auto& known = network_.known_drift();
    return {known.add_to(first[0].detach().squeeze(0), x), known.add_tangent(second.squeeze(0), dx)};
  }

  models::ScoreNetwork& network_;
  std::vector<double> times_;
  std::vector<std::int64_t> counts_;
  std::vector<double> periods_;
};

/// F and its derivative, with a Gauss-Newton curvature.
struct Value {
  double loss = 0, slope = 0, curvature = 0;
};

class Problem {
 public:
  Problem(const ReducedModel& model, const data::DatasetReader& data, const CalibrateOptions& options,
          std::int64_t seed);

  [[nodiscard]] const Simulator& simulator() const { return simulator_; }
  [[nodiscard]] Tensor start(double mu) const;

  /// Of the observation itself, or resampled with this number.
  [[nodiscard]] Value evaluate(const Rollout& rollout, std::int64_t resample = -1) const;

 private:
  [[nodiscard]] Tensor read(const data::DatasetReader& data, std::int64_t frame) const;
  static std::vector<double> rollout_times(const ReducedModel& model, const data::DatasetReader& data,
                                           const CalibrateOptions& options, std::vector<std::int64_t>& frames);

  const ReducedModel& model_;
  CalibrateOptions options_;
  std::uint64_t seed_;
  std::int64_t particles_ = 0;  ///< of rollout and observation
  bool same_particles_ = false;
  std::vector<std::int64_t> frames_;
  Simulator simulator_;
  SlicedLoss loss_;
  Tensor initial_;                ///< [N, d] with calibrate.initial = data
  std::vector<Tensor> observed_;  ///< [F] of projections [L, N]
};

std::vector<double> Problem::rollout_times(const ReducedModel& model, const data::DatasetReader& data,
                                           const CalibrateOptions& options, std::vector<std::int64_t>& frames) {
  const auto& normalizer = model.network->normalizer();
  const auto& time = data.header().time;
  std::vector<std::int64_t> usable;
  for (std::size_t k = 0; k < time.size(); ++k) {
    const double t = normalizer.normalized_time(time[k]);
    if (t > 1e-6 && t < 1 + 1e-6) usable.push_back(static_cast<std::int64_t>(k));
  }
  if (usable.empty())
    throw FileError(data.path(), "has no time within the model's, after its start; there is nothing to compare.");
  const auto available = static_cast<std::int64_t>(usable.size());
  const std::int64_t count = options.frames == 0 ? available : std::min(options.frames, available);
  std::vector<double> times{0};
  for (std::int64_t f = 1; f <= count; ++f) {
    frames.push_back(usable[static_cast<std::size_t>(f * available / count - 1)]);
    times.push_back(normalizer.normalized_time(time[static_cast<std::size_t>(frames.back())]));
  }
  return times;
}

Problem::Problem(const ReducedModel& model, const data::DatasetReader& data, const CalibrateOptions& options,
                 std::int64_t seed)
    : model_(model),
      options_(options),
      seed_(static_cast<std::uint64_t>(seed)),
      simulator_(model, rollout_times(model, data, options, frames_), options.steps),
      loss_(model.network->normalizer(), options.projections, static_cast<std::uint64_t>(seed)) {
  const auto& header = data.header();
  same_particles_ = header.identity == data::Identity::trajectories;
  particles_ = header.particles;
  if (options.initial == CalibrationStart::model) particles_ = std::min(particles_, model.initial.particles);
  if (options.particles > 0) particles_ = std::min(particles_, options.particles);
  for (const std::int64_t k : frames_) observed_.push_back(loss_.project(read(data, k)));
  if (options.initial == CalibrationStart::data) {
    if (std::abs(model.network->normalizer().normalized_time(header.time.front())) > 1e-6)
      throw UsageError("calibrate.initial data: " + data.path() + " does not begin at the model's first time.");
    initial_ = read(data, 0);
  }
}

/// The first N particles of a population, normalised. Those of a quiet start are evenly spread, as all of them are;
/// every k-th of them are not: low-discrepancy sequences repeat themselves.
Tensor beginning(const ReducedModel& model, std::vector<float>& samples, std::int64_t particles) {
  const auto& normalizer = model.network->normalizer();
  const auto d = normalizer.dimension();
  const auto all = torch::from_blob(samples.data(), {static_cast<std::int64_t>(samples.size()) / d, d});
  const auto center = torch::tensor(normalizer.center, torch::kFloat64),
             scale = torch::tensor(normalizer.scale, torch::kFloat64);
  return ((all.narrow(0, 0, particles).to(torch::kFloat64) - center) / scale).to(torch::kFloat32);
}

Tensor Problem::read(const data::DatasetReader& data, std::int64_t frame) const {
  std::vector<float> samples(static_cast<std::size_t>(data.header().frame_size()));
  data.read_samples(options_.run, frame, samples);
  return beginning(model_, samples, particles_);
}

Tensor Problem::start(double mu) const {
  if (initial_.defined()) return initial_;
  const auto& normalizer = model_.network->normalizer();
  auto samples =
      model_.initial.samples[model_.initial.nearest({normalizer.mu_center[0] + normalizer.mu_scale[0] * mu})];
  return beginning(model_, samples, particles_);
}

Value Problem::evaluate(const Rollout& rollout, std::int64_t resample) const {
  Value mean;
  for (std::size_t f = 0; f < rollout.x.size(); ++f) {
    auto observed = observed_[f];
    if (resample >= 0) {
      const std::uint64_t stream = kBootstrapStream ^ (same_particles_ ? 0 : static_cast<std::uint64_t>(f + 1));
      const Philox random(seed_, stream);
      std::vector<std::int64_t> drawn;
      for (std::int64_t n = 0; n < particles_; ++n)
        drawn.push_back(static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(resample * particles_ + n),
                                                                 static_cast<std::uint64_t>(particles_))));
      observed = observed.index_select(1, torch::tensor(drawn));
    }
    const auto terms =
        loss_.compare(rollout.x[f], rollout.sensitivity.empty() ? Tensor() : rollout.sensitivity[f], observed);
    const double weight = 1 / static_cast<double>(rollout.x.size());
    mean.loss += weight * terms.distance_squared;
    mean.slope += weight * terms.slope;
    mean.curvature += weight * terms.curvature;
  }
  return mean;
}

double percentile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  const double at = fraction * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

void check_calibration(const CalibrateOptions& options, const ReducedModel& model, const data::DatasetReader& data) {
  const auto positive = [](const char* key, std::int64_t value, std::int64_t least) {
    if (value < least)
      throw UsageError(std::string("option 'calibrate.") + key + "' must be at least " + std::to_string(least) + ".");
  };
  positive("frames", options.frames, 0);
  positive("particles", options.particles, 0);
  positive("projections", options.projections, 1);
  positive("steps", options.steps, 1);
  positive("scan", options.scan, 2);
  positive("iterations", options.iterations, 1);
  positive("bootstrap", options.bootstrap, 0);
  if (options.run < 0 || options.run >= data.header().mu_count())
    throw UsageError("calibrate.run " + std::to_string(options.run) + ": " + data.path() + " holds " +
                     std::to_string(data.header().mu_count()) + " runs, counted from 0.");
  if (model.header.mu_names.size() != 1) throw UsageError("calibrate takes models with one physics parameter.");
  if (model.sigma > 0)
    throw UsageError("calibrate follows a flow without noise; the model was trained with loss.sigma > 0.");
  if (data.header().coordinates != model.header.coordinates)
    throw FileError(data.path(), "its coordinates differ from the model's; it cannot be explained by this model.");
}

}  // namespace

void bind(OptionSet& set, CalibrateOptions& options) {
  set.add("calibrate.run", options.run,
          "which run (mu index, from 0) of the data is the observation; its mu is not used");
  set.add("calibrate.frames", options.frames, "observed times compared, equally spaced; 0 = all");
  set.add("calibrate.particles", options.particles,
          "particles of the rollout and of every observed time, the first ones: 0, all, where a file is sorted");
  set.add("calibrate.projections", options.projections, "directions of the sliced W2");
  set.add("calibrate.steps", options.steps, "Heun steps of the rollout");
  set.add("calibrate.scan", options.scan, "values of mu over the training range that are tried first");
  set.add("calibrate.iterations", options.iterations, "Gauss-Newton steps at most");
  set.add("calibrate.bootstrap", options.bootstrap, "resampled observations for the uncertainty; 0 = none");
  set.add("calibrate.initial", options.initial, {{"model", CalibrationStart::model}, {"data", CalibrationStart::data}},
          "where rollouts start: the model's population of the nearest training mu, or the observation's first time");
}

CalibrationLoss calibration_loss(const std::string& model_path, const std::string& data_path,
                                 const CalibrateOptions& options, std::int64_t seed, double mu) {
  const torch::NoGradGuard no_grad;
  const auto model = load_model(model_path);
  require_kind(model, model_path, ModelKind::drift);
  const data::DatasetReader data(data_path);
  check_calibration(options, model, data);
  const Problem problem(model, data, options, seed);
  const auto& normalizer = model.network->normalizer();
  const double at = (mu - normalizer.mu_center[0]) / normalizer.mu_scale[0];
  const auto value = problem.evaluate(problem.simulator().run(problem.start(at), at, true));
  return {value.loss, value.slope / normalizer.mu_scale[0]};
}

Calibration calibrate(const std::string& model_path, const std::string& data_path, const CalibrateOptions& options,
                      std::int64_t seed, const ProgressObserver& observer) {
  const torch::NoGradGuard no_grad;
  const auto model = load_model(model_path);
  require_kind(model, model_path, ModelKind::drift);
  const data::DatasetReader data(data_path);
  check_calibration(options, model, data);
  const Problem problem(model, data, options, seed);
  const auto& normalizer = model.network->normalizer();
  const auto physical = [&](double mu) { return normalizer.mu_center[0] + normalizer.mu_scale[0] * mu; };
  const auto [lowest, highest] = std::minmax_element(model.header.mu.begin(), model.header.mu.end());
  const auto inside = [&](double mu) {
    return std::clamp(physical(mu), (*lowest)[0], (*highest)[0]);
  };  // rounding may leave the range
  const auto report = [&](const char* stage, std::int64_t done, std::int64_t total) {
    if (observer) observer({stage, done, total, ""});
  };

  Calibration result;
  double mu = 0;
  for (std::int64_t i = 0; i < options.scan; ++i) {
    const double at = -1 + 2 * static_cast<double>(i) / static_cast<double>(options.scan - 1);
    const auto value = problem.evaluate(problem.simulator().run(problem.start(at), at, false));
    result.scan_mu.push_back(inside(at));
    result.scan_distance.push_back(std::sqrt(value.loss));
    if (result.scan_distance.back() <= *std::min_element(result.scan_distance.begin(), result.scan_distance.end()))
      mu = at;
    report("scan", i + 1, options.scan);
  }
  const auto start = problem.start(mu);
  result.rollouts = options.scan;

  // Gauss-Newton with halved steps where F would grow; never beyond the training range.
  auto rollout = problem.simulator().run(start, mu, true);
  auto value = problem.evaluate(rollout);
  ++result.rollouts;
  constexpr double kSmallestStep = 1e-4;  // of half the training range
  for (; result.iterations < options.iterations && !result.converged; ++result.iterations) {
    report("gauss-newton", result.iterations, options.iterations);
    double step = std::clamp(mu - value.slope / value.curvature, -1.0, 1.0) - mu;
    while (std::abs(step) > kSmallestStep) {
      auto next = problem.simulator().run(start, mu + step, true);
      const auto next_value = problem.evaluate(next);
      ++result.rollouts;
      if (next_value.loss < value.loss) {
        mu += step;
        rollout = std::move(next);
        value = next_value;
        break;
      }
      step /= 2;
    }
    result.converged = std::abs(step) <= kSmallestStep;
  }
  report("gauss-newton", options.iterations, options.iterations);
  result.mu = inside(mu);
  result.distance = std::sqrt(value.loss);
  result.gradient = value.slope / normalizer.mu_scale[0];
  result.at_boundary = std::abs(mu) > 1 - kSmallestStep;

  for (std::int64_t b = 0; b < options.bootstrap; ++b) {
    if (interrupt_requested()) throw Interrupted("interrupted.");
    const auto resampled = problem.evaluate(rollout, b);
    result.bootstrap.push_back(physical(mu - (resampled.slope - value.slope) / value.curvature));
    report("bootstrap", b + 1, options.bootstrap);
  }
  if (options.bootstrap > 1) {
    double mean = 0, squares = 0;
    for (const double estimate : result.bootstrap) mean += estimate / static_cast<double>(options.bootstrap);
    for (const double estimate : result.bootstrap) squares += (estimate - mean) * (estimate - mean);
    result.deviation = std::sqrt(squares / static_cast<double>(options.bootstrap - 1));
    result.low = percentile(result.bootstrap, 0.025);
    result.high = percentile(result.bootstrap, 0.975);
  }
  return result;
}

}  // namespace scorefield::training
