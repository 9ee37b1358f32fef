#include "training/metrics/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <sstream>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "training/metrics/cloud_scores.hpp"
#include "training/metrics/density_errors.hpp"
#include "training/metrics/floor_run.hpp"
#include "training/metrics/history_error.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/mixture.hpp"
#include "training/metrics/run.hpp"
#include "training/metrics/training_baseline.hpp"

namespace scorefield::metrics {
namespace {

void check(const EvaluateRequest& request) {
  if (request.rollout_path.empty()) throw UsageError("the rollout to evaluate is missing.");
  if (request.reference_path.empty()) throw UsageError("the reference (--reference) is missing.");
  require("option 'seed'", request.seed, at_least(0));
  check_ranges(request.options);
}

/// Indices of `wanted` frames of `available`, equally spaced with both ends; all of them for wanted = 0.
std::vector<std::int64_t> metric_frames(std::int64_t available, std::int64_t wanted) {
  const std::int64_t count = wanted == 0 ? available : std::min(wanted, available);
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < count; ++i)
    frames.push_back(count == 1 ? available - 1 : (i * (available - 1) + (count - 1) / 2) / (count - 1));
  return frames;
}

constexpr double kSameTime = 1e-6;  // of the span

/// The times at which a rollout is compared: its own; where the reference's mu differ in their times, those of them
/// that the truth has, if these are half of the truth's at least, else those that it spans.
std::vector<double> compared_times(const std::vector<double>& times, const Run& reference, std::int64_t truth) {
  if (!reference.header().ragged()) return times;
  const auto& known = reference.times(truth);
  const double same = kSameTime * (times.back() - times.front());
  std::vector<double> common, covered;
  for (const double t : times) {
    if (std::abs(t - known[reference.nearest_frame(truth, t)]) <= same) common.push_back(t);
    if (t >= known.front() - same && t <= known.back() + same) covered.push_back(t);
  }
  if (2 * common.size() >= known.size()) return common;
  return covered.empty() ? times : covered;
}

/// The comparison of one rollout file with its baselines, one mu after the other.
class Evaluator {
 public:
  Evaluator(const EvaluateRequest& request, const problems::Problem* problem)
      : request_(request), rollout_(request.rollout_path), reference_(request.reference_path) {
    result_.request = request;
    result_.request.observer = {};
    result_.particles = rollout_.header().particles_at(0, 0);
    result_.parameters = rollout_.header().mu_names;
    result_.guide = rollout_.header().guide;
    rollout_.require_same_state(reference_);
    for (std::int64_t i = 0; i < rollout_.header().mu_count(); ++i) {
      const std::int64_t truth = reference_.require_mu(rollout_.header().mu[i]);
      times_.push_back(compared_times(rollout_.times(i), reference_, truth));
      reference_.require_times(truth, times_.back());
    }
    open_training(problem != nullptr);
    choose_field(problem);
    open_floor(problem);
    open_coarse();
    warn_about_times();
  }

  Evaluation run() {
    units_per_mu_ = field_ != nullptr ? 2 : 1;
    for (std::int64_t i = 0; i < rollout_.header().mu_count(); ++i) {
      EvaluationAtMu at = locate(i);
      if (field_ != nullptr) compare_energies(i, at);
      compare_clouds(i, at);
      compare_densities(i, at);
      result_.per_mu.push_back(std::move(at));
    }
    average();
    return std::move(result_);
  }

 private:
  void open_training(bool seeds_are_known) {
    if (request_.training_path.empty()) return;
    training_.emplace(request_.training_path, rollout_.header().left_out);
    result_.left_out = training_->left_out();
    training_->run().require_same_state(reference_);
    for (const auto& times : times_) training_->run().require_times(times);
    const std::int64_t seed = reference_.header().provenance.seed;
    if (seeds_are_known && seed == training_->run().header().provenance.seed)
      warn("training and reference data share the seed " + std::to_string(seed) +
           ": the nearest-run baseline then measures memory of the seed");
    for (const auto& mu : rollout_.header().mu)
      if (!training_->inside_range(mu))
        warn("mu = " + mu_text(mu) + " lies outside the training range " + training_->range_text() +
             ": the prediction extrapolates");
  }

  /// That of the problem which made the particles, else of their charge in their box; null: there is no energy.
  void choose_field(const problems::Problem* problem) {
    field_ = problems::field_energy_of(problem);
    if (field_ != nullptr) return;
    std::vector<const data::DatasetHeader*> headers{&reference_.header()};
    if (training_) headers.push_back(&training_->run().header());
    field_ = problems::field_energy_of(headers);
    recorded_by_another_code_ = field_ != nullptr && reference_.has_energy_diagnostic();
  }

  void open_floor(const problems::Problem* problem) {
    if (!request_.options.floor) return;
    if (!request_.options.floor_file.empty()) {
      floor_.emplace(request_.options.floor_file);
    } else if (problem == nullptr || reference_.header().ragged()) {
      warn("no floor: " + request_.reference_path +
           " was not made by a known problem; give an independent run of it with "
           "evaluate.floor_file");
      return;
    } else {
      try {
        const FloorPlan plan{.mu = rollout_.header().mu,
                             .particles = result_.particles,
                             .seed = request_.seed,
                             .energy = field_.get(),
                             .cloud_times = all_cloud_times()};
        floor_.emplace(generate_floor(*problem, reference_, plan, request_.observer));
      } catch (const UsageError& error) {
        warn(std::string("no floor: ") + error.what());
        return;
      }
    }
    require_frames(*floor_);
    result_.floor = floor_->path();
  }

  void open_coarse() {
    if (request_.options.coarse_file.empty()) return;
    coarse_.emplace(request_.options.coarse_file);
    require_frames(*coarse_);
  }

  /// That a run has every mu and time that is compared. @throws FileError
  void require_frames(const Run& run) const {
    run.require_same_state(reference_);
    for (std::size_t i = 0; i < times_.size(); ++i)
      run.require_times(run.require_mu(rollout_.header().mu[i]), times_[i]);
  }

  /// Clouds can only be compared at stored frames: says so when those of the files differ noticeably.
  void warn_about_times() {
    double offset = 0, span = 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const std::int64_t truth = reference_.require_mu(rollout_.header().mu[i]);
      for (const double t : times_[i])
        offset = std::max(offset, std::abs(t - reference_.times(truth)[reference_.nearest_frame(truth, t)]));
      span = std::max(span, times_[i].back() - times_[i].front());
    }
    if (offset <= kSameTime * std::max(span, 1e-300)) return;
    std::ostringstream text;
    text << "the rollout's times are not those of the reference: clouds are compared at frames up to " << offset
         << " apart";
    warn(text.str());
  }

  [[nodiscard]] EvaluationAtMu locate(std::int64_t rollout_index) {
    EvaluationAtMu at;
    at.mu = rollout_.header().mu[rollout_index];
    at.time = times_[static_cast<std::size_t>(rollout_index)];
    if (training_) {
      warn_about_ends(at);
      at.inside_training_range = training_->inside_range(at.mu);
      at.is_training_mu = training_->is_training_mu(at.mu);
      at.nearest_mu = training_->run().header().mu[training_->nearest(at.mu)];
    }
    return at;
  }

  /// Baselines of a training run that ends before the prediction stand still from there on.
  void warn_about_ends(const EvaluationAtMu& at) {
    data::MuWeights used = training_->mixture(at.mu);
    used.push_back({training_->nearest(at.mu), 1});
    for (const auto& share : used) {
      const auto& times = training_->run().times(share.index);
      const double frame =
          (times.back() - times.front()) / static_cast<double>(std::max<std::size_t>(1, times.size() - 1));
      if (at.time.back() <= times.back() + frame / 2) continue;
      std::ostringstream text;
      text << "the training run at " << mu_text(training_->run().header().mu[share.index]) << " ends at time "
           << times.back() << ", the prediction at " << at.time.back()
           << ": baselines made of it show its last frame from there on";
      if (std::find(result_.warnings.begin(), result_.warnings.end(), text.str()) == result_.warnings.end())
        warn(text.str());
    }
  }

  [[nodiscard]] Mixture mixture(const EvaluationAtMu& at) const {
    return {training_->run(), training_->mixture(at.mu), request_.seed};
  }

  /// Of this mu's own training run, where it left out some of the compared times.
  [[nodiscard]] std::optional<Displacement> displacement(const EvaluationAtMu& at) const {
    const auto run = training_->run().find_mu(at.mu);
    if (!run) return std::nullopt;
    const Displacement found(training_->run(), *run, request_.options.points, request_.seed);
    return found.is_between(cloud_times(at.time)) ? std::optional(found) : std::nullopt;
  }

  void compare_energies(std::int64_t rollout_index, EvaluationAtMu& at) {
    advance(at);
    const problems::FieldEnergy& field = *field_;
    std::vector<double> truth = reference_.best_energy(field, reference_.require_mu(at.mu), at.time);
    if (std::none_of(truth.begin(), truth.end(), [](double e) { return e != 0; })) {
      warn("the reference's electric energy is zero at mu = " + mu_text(at.mu) + ": it has no relative error");
      return;
    }
    at.electric_energy_truth = std::move(truth);
    ScoreHistory& energy = at.electric_energy;
    energy.prediction = rollout_.sampled_energy(field, rollout_index, at.time);
    if (floor_) energy.floor = floor_->sampled_energy(field, floor_->require_mu(at.mu), at.time);
    if (coarse_) energy.coarse = coarse_->sampled_energy(field, coarse_->require_mu(at.mu), at.time);
    if (training_) energy.mixture = mixture(at).energy(field, at.mu, at.time);
    if (training_) add_training_histories(at);
    if (recorded_by_another_code_) to_recorded_unit(at);
    for (const Metric& metric : metrics())
      if (metric.of_energy != nullptr)
        energy.for_each(
            [&](const std::vector<double>& values, std::optional<double>& error) {
              if (!values.empty()) error = metric.of_energy(values, at.electric_energy_truth);
            },
            at.scores[metric]);
  }

  /// Histories that come from the training runs' own records, where they have them.
  void add_training_histories(EvaluationAtMu& at) {
    ScoreHistory& energy = at.electric_energy;
    energy.nearest = training_->run().best_energy(*field_, training_->nearest(at.mu), at.time);
    if (const auto runs = training_->linear(at.mu))
      energy.interpolated = training_->combined_energy(*field_, *runs, at.time);
    if (const auto runs = training_->cubic(at.mu)) energy.cubic = training_->combined_energy(*field_, *runs, at.time);
  }

  /// Another code records its energy in a unit of its own: the factor that brings the energy of the reference's
  /// particles closest to it goes to every energy that is computed from particles.
  void to_recorded_unit(EvaluationAtMu& at) {
    const auto& recorded = at.electric_energy_truth;
    const auto sampled = reference_.sampled_energy(*field_, reference_.require_mu(at.mu), at.time);
    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
      return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    };
    const double unit = dot(sampled, sampled) > 0 ? dot(recorded, sampled) / dot(sampled, sampled) : 1;
    ScoreHistory& energy = at.electric_energy;
    std::vector<std::vector<double>*> of_particles{&energy.prediction, &energy.floor, &energy.mixture, &energy.coarse};
    if (training_ && !training_->run().has_energy_diagnostic())
      for (auto* values : {&energy.nearest, &energy.interpolated, &energy.cubic}) of_particles.push_back(values);
    for (auto* values : of_particles)
      for (double& value : *values) value *= unit;
    const double unlike = std::sqrt(std::max(0.0, 1 - dot(recorded, sampled) * unit / dot(recorded, recorded)));
    std::ostringstream text;
    text.precision(3);
    text << "the recorded electric energy at mu = " << mu_text(at.mu) << " is the truth";
    if (std::abs(unit - 1) > 0.02) text << "; in its unit that of the reference's particles is multiplied by " << unit;
    text << "; theirs differs from it by " << 100 * unlike << " %";
    if (unlike > 0.02 || std::abs(unit - 1) > 0.02) warn(text.str());
  }

  /// Those of a rollout's times at which clouds are compared.
  [[nodiscard]] std::vector<double> cloud_times(const std::vector<double>& rollout_times) const {
    std::vector<double> times;
    for (const std::int64_t frame :
         metric_frames(static_cast<std::int64_t>(rollout_times.size()), request_.options.frames))
      times.push_back(rollout_times[frame]);
    return times;
  }

  /// The same of all mu together.
  [[nodiscard]] std::vector<double> all_cloud_times() const {
    std::vector<double> all;
    for (const auto& times : times_)
      for (const double t : cloud_times(times)) all.push_back(t);
    return all;
  }

  void compare_clouds(std::int64_t rollout_index, EvaluationAtMu& at) {
    Populations populations;
    populations.truth = {&reference_, reference_.require_mu(at.mu)};
    populations.runs.prediction = {&rollout_, rollout_index};
    if (floor_) populations.runs.floor = {&*floor_, floor_->require_mu(at.mu)};
    if (coarse_) populations.runs.coarse = {&*coarse_, coarse_->require_mu(at.mu)};
    populations.halves = !floor_;
    if (training_) {
      populations.runs.nearest = {&training_->run(), training_->nearest(at.mu)};
      populations.mixture = mixture(at);
      populations.displacement = displacement(at);
      populations.training = &training_->run();
      populations.combined.interpolated = training_->linear(at.mu);
      populations.combined.cubic = training_->cubic(at.mu);
    }
    at.cloud_time = cloud_times(at.time);
    const CloudScores clouds(populations, at.cloud_time, request_.options, request_.seed);
    at.coordinate_scales = clouds.scales();
    advance(at);
    if (!clouds.add_to(at.scores)) warn_about_convergence();
  }

  void compare_densities(std::int64_t rollout_index, EvaluationAtMu& at) {
    Densities densities;
    densities.truth = {&reference_, reference_.require_mu(at.mu)};
    densities.runs.prediction = {&rollout_, rollout_index};
    if (coarse_) densities.runs.coarse = {&*coarse_, coarse_->require_mu(at.mu)};
    if (training_) {
      densities.runs.nearest = {&training_->run(), training_->nearest(at.mu)};
      densities.training = &training_->run();
      densities.combined.interpolated = training_->linear(at.mu);
      densities.combined.cubic = training_->cubic(at.mu);
    }
    const auto errors = density_errors(densities, at.time);
    for (const Metric& metric : metrics())
      if (metric.of_density != nullptr)
        errors.for_each(
            [&](const std::vector<double>& values, std::optional<double>& error) {
              if (!values.empty()) error = metric.of_density(values);
            },
            at.scores[metric]);
  }

  /// Means over mu of what every mu has: means over different mu could not be compared.
  void average() {
    for (const Metric& metric : metrics()) {
      Compared<std::vector<double>> found;
      for (const EvaluationAtMu& at : result_.per_mu)
        at.scores[metric].for_each(
            [](const std::optional<double>& value, std::vector<double>& values) {
              if (value) values.push_back(*value);
            },
            found);
      found.for_each(
          [this](const std::vector<double>& values, std::optional<double>& mean) {
            if (values.size() == result_.per_mu.size()) mean = mean_of(values);
          },
          result_.mean[metric]);
    }
  }

  void advance(const EvaluationAtMu& at) {
    if (interrupt_requested()) throw Interrupted("evaluate was interrupted; nothing was written");
    if (request_.observer)
      request_.observer({"evaluate mu = " + mu_text(at.mu), done_, units_per_mu_ * rollout_.header().mu_count(), ""});
    ++done_;
  }

  void warn(const std::string& text) { result_.warnings.push_back(text); }

  void warn_about_convergence() {
    if (std::exchange(warned_about_convergence_, true)) return;
    warn("some Sinkhorn divergences did not converge: raise evaluate.epsilon or lower evaluate.points");
  }

  const EvaluateRequest& request_;
  Evaluation result_;
  Run rollout_;
  Run reference_;
  std::vector<std::vector<double>> times_;  ///< [M] of the rollout, at which each mu is compared
  std::optional<TrainingBaseline> training_;
  std::optional<Run> floor_, coarse_;
  std::unique_ptr<problems::FieldEnergy> field_;
  bool recorded_by_another_code_ = false;  ///< the reference's energy; that of particles is computed
  std::int64_t units_per_mu_ = 0;
  std::int64_t done_ = 0;
  bool warned_about_convergence_ = false;
};

}  // namespace

Evaluation evaluate(const EvaluateRequest& request, const problems::Problem* problem) {
  const Abandonable nothing_to_lose;
  check(request);
  return Evaluator(request, problem).run();
}

Evaluation evaluate(const EvaluateRequest& request) {
  check(request);
  const std::unique_ptr<problems::Problem> problem = problems::problem_of(Run(request.reference_path).header());
  return evaluate(request, problem.get());
}

}  // namespace scorefield::metrics
