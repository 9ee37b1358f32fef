#include "training/metrics/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "training/metrics/cloud_comparison.hpp"
#include "training/metrics/floor_run.hpp"
#include "training/metrics/history_error.hpp"
#include "training/metrics/moments.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/run.hpp"
#include "training/metrics/training_baseline.hpp"
#include "training/metrics/wasserstein.hpp"

namespace scorefield::metrics {
namespace {

void check(const EvaluateOptions& options) {
  const auto require = [](bool holds, const char* key, const char* expected) {
    if (!holds) throw UsageError(std::string(key) + " must be " + expected);
  };
  require(!options.rollout.empty(), "the rollout to evaluate", "a file");
  require(!options.reference.empty(), "the reference (--reference)", "a dataset file");
  require(options.points >= 2, "evaluate.points", "at least 2");
  require(options.epsilon > 0, "evaluate.epsilon", "positive");
  require(options.projections >= 1, "evaluate.projections", "at least 1");
  require(options.frames >= 0, "evaluate.frames", "0 (all frames) or more");
  require(options.seed >= 0, "seed", "0 or more");
}

/// Indices of `wanted` frames of `available`, equally spaced with both ends; all of them for wanted = 0.
std::vector<std::int64_t> metric_frames(std::int64_t available, std::int64_t wanted) {
  const std::int64_t count = wanted == 0 ? available : std::min(wanted, available);
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < count; ++i)
    frames.push_back(count == 1 ? available - 1 : (i * (available - 1) + (count - 1) / 2) / (count - 1));
  return frames;
}

std::optional<double> mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// One frame's clouds against the true one.
struct FrameComparison {
  Compared<std::optional<CloudDistances>> distances;
  Moments truth;
  Compared<std::optional<MomentDistance>> moments;
};

/// The comparison of one rollout file with its baselines, one mu after the other.
class Evaluator {
 public:
  Evaluator(const EvaluateOptions& options, const problems::Problem* problem, const ProgressObserver& observer)
      : options_(options), observer_(observer), rollout_(options.rollout), reference_(options.reference) {
    if (problem != nullptr && problem->has_electric_energy()) energy_problem_ = problem;
    result_.options = options;
    result_.particles = rollout_.header().particles;
    rollout_.require_same_state(reference_);
    reference_.require_times(rollout_.header().time);
    for (const auto& mu : rollout_.header().mu) (void)reference_.require_mu(mu);
    open_training();
    open_floor(problem);
    warn_about_times();
  }

  Evaluation run() {
    const auto frames = metric_frames(rollout_.header().frames(), options_.frames);
    units_per_mu_ = energy_problem_ != nullptr ? 2 : 1;
    for (std::int64_t i = 0; i < rollout_.header().mu_count(); ++i) {
      EvaluationAtMu at = locate(i);
      if (energy_problem_ != nullptr) compare_energies(i, at);
      compare_clouds(i, frames, at);
      result_.per_mu.push_back(std::move(at));
    }
    average();
    return std::move(result_);
  }

 private:
  void open_training() {
    if (options_.training.empty()) return;
    training_.emplace(options_.training);
    training_->run().require_same_state(reference_);
    training_->run().require_times(rollout_.header().time);
    const std::int64_t seed = reference_.header().provenance.seed;
    if (seed == training_->run().header().provenance.seed)
      warn("training and reference data share the seed " + std::to_string(seed) +
           ": the nearest-run baseline then measures memory of the seed");
    for (const auto& mu : rollout_.header().mu)
      if (!training_->inside_range(mu))
        warn("mu = " + mu_text(mu) + " lies outside the training range " + training_->range_text() +
             ": the prediction extrapolates");
  }

  void open_floor(const problems::Problem* problem) {
    if (!options_.floor) return;
    if (!options_.floor_file.empty()) {
      floor_.emplace(FloorRun::open(options_.floor_file));
    } else if (problem == nullptr) {
      warn("no floor: " + options_.reference +
           " was not made by a known problem; give an independent run of it with "
           "evaluate.floor_file");
      return;
    } else {
      try {
        floor_.emplace(FloorRun::generate(*problem, reference_, rollout_.header().mu, rollout_.header().particles,
                                          options_.seed, options_.rollout, observer_));
      } catch (const UsageError& error) {
        warn(std::string("no floor: ") + error.what());
        return;
      }
    }
    floor_->run().require_same_state(reference_);
    floor_->run().require_times(rollout_.header().time);
    for (const auto& mu : rollout_.header().mu) (void)floor_->run().require_mu(mu);
    result_.floor = floor_->origin();
  }

  /// Clouds can only be compared at stored frames: says so when those of the files differ noticeably.
  void warn_about_times() {
    double offset = 0;
    for (const double t : rollout_.header().time)
      offset = std::max(offset, std::abs(t - reference_.header().time[reference_.nearest_frame(t)]));
    const double span = rollout_.header().time.back() - rollout_.header().time.front();
    if (offset <= 1e-6 * std::max(span, 1e-300)) return;
    std::ostringstream text;
    text << "the rollout's times are not those of the reference: clouds are compared at frames up to " << offset
         << " apart";
    warn(text.str());
  }

  [[nodiscard]] EvaluationAtMu locate(std::int64_t rollout_index) {
    EvaluationAtMu at;
    at.mu = rollout_.header().mu[rollout_index];
    at.time = rollout_.header().time;
    if (training_) {
      at.inside_training_range = training_->inside_range(at.mu);
      at.is_training_mu = training_->is_training_mu(at.mu);
      at.nearest_mu = training_->run().header().mu[training_->nearest(at.mu)];
    }
    return at;
  }

  void compare_energies(std::int64_t rollout_index, EvaluationAtMu& at) {
    advance(at);
    const problems::Problem& problem = *energy_problem_;
    std::vector<double> truth = reference_.best_energy(problem, reference_.require_mu(at.mu), at.time);
    if (std::none_of(truth.begin(), truth.end(), [](double e) { return e != 0; })) {
      warn("the reference's electric energy is zero at mu = " + mu_text(at.mu) + ": it has no relative error");
      return;
    }
    at.electric_energy_truth = std::move(truth);
    ScoreHistory& energy = at.electric_energy;
    energy.prediction = rollout_.sampled_energy(problem, rollout_index, at.time);
    if (floor_) energy.floor = floor_->run().sampled_energy(problem, floor_->run().require_mu(at.mu), at.time);
    if (training_) {
      energy.nearest = training_->run().best_energy(problem, training_->nearest(at.mu), at.time);
      energy.interpolated = training_->interpolated_energy(problem, at.mu, at.time).value_or(std::vector<double>{});
    }
    energy.for_each(
        [&at](const std::vector<double>& values, std::optional<double>& l2, std::optional<double>& frames) {
          if (values.empty()) return;
          l2 = relative_l2(values, at.electric_energy_truth);
          frames = mean_relative_error(values, at.electric_energy_truth);
        },
        at.scores.electric_energy_error, at.scores.electric_energy_error_frames);
  }

  void compare_clouds(std::int64_t rollout_index, const std::vector<std::int64_t>& frames, EvaluationAtMu& at) {
    const std::int64_t reference_index = reference_.require_mu(at.mu);
    SpreadMeter meter(reference_.header().periods);
    for (const std::int64_t frame : frames)
      meter.add(reference_.samples(reference_index, reference_.nearest_frame(at.time[frame])));
    const StateSpace space = meter.space();
    const SlicedWasserstein sliced(space.periods, options_.projections, options_.seed);
    at.coordinate_scales = space.scales;
    advance(at);
    std::vector<FrameComparison> found(frames.size());
    const auto around = training_ ? training_->neighbours(at.mu) : std::nullopt;
    parallel_for(static_cast<std::int64_t>(frames.size()), [&](std::int64_t i) {
      const double t = at.time[frames[i]];
      const auto cloud_of = [&](const Run& run, std::int64_t mu_index) {
        return normalised(run.samples(mu_index, run.nearest_frame(t)), space);
      };
      const PointCloud true_cloud = cloud_of(reference_, reference_index);
      const TrueCloud truth(true_cloud, space, sliced, {options_.points, options_.epsilon, options_.seed});
      FrameComparison& frame = found[i];
      frame.truth = moments_of(true_cloud, space.periods);
      const auto compare = [&](const PointCloud& cloud, auto Compared<std::optional<CloudDistances>>::*distances,
                               auto Compared<std::optional<MomentDistance>>::*moments) {
        frame.distances.*distances = truth.compare(cloud);
        const Moments own = moments_of(cloud, space.periods);
        frame.moments.*moments = distance(own, frame.truth);
        return own;
      };
      using Distances = Compared<std::optional<CloudDistances>>;
      using MomentDistances = Compared<std::optional<MomentDistance>>;
      compare(cloud_of(rollout_, rollout_index), &Distances::prediction, &MomentDistances::prediction);
      if (floor_)
        compare(cloud_of(floor_->run(), floor_->run().require_mu(at.mu)), &Distances::floor, &MomentDistances::floor);
      if (!training_) return;
      const Moments near = compare(cloud_of(training_->run(), training_->nearest(at.mu)), &Distances::nearest,
                                   &MomentDistances::nearest);
      if (!around) return;
      const Moments far =
          around->weight > 0 ? moments_of(cloud_of(training_->run(), around->far), space.periods) : near;
      frame.moments.interpolated = distance(mixed(near, far, around->weight), frame.truth);
    });
    for (std::size_t i = 0; i < frames.size(); ++i) {
      at.cloud_time.push_back(at.time[frames[i]]);
      found[i].distances.for_each(
          [this](const std::optional<CloudDistances>& distances, auto& sinkhorn, auto& sliced_w2) {
            if (!distances) return;
            sinkhorn.push_back(distances->sinkhorn);
            sliced_w2.push_back(distances->sliced_w2);
            if (!distances->converged) warn_about_convergence();
          },
          at.sinkhorn, at.sliced_w2);
    }
    score_moments(found, at);
    at.sinkhorn.for_each([](const auto& values, auto& score) { score = mean_of(values); }, at.scores.sinkhorn);
    at.sliced_w2.for_each([](const auto& values, auto& score) { score = mean_of(values); }, at.scores.sliced_w2);
  }

  static void score_moments(const std::vector<FrameComparison>& found, EvaluationAtMu& at) {
    std::vector<Moments> truth;
    Compared<std::vector<MomentDistance>> distances;
    for (const FrameComparison& frame : found) {
      truth.push_back(frame.truth);
      frame.moments.for_each(
          [](const std::optional<MomentDistance>& value, std::vector<MomentDistance>& values) {
            if (value) values.push_back(*value);
          },
          distances);
    }
    distances.for_each(
        [&truth](const std::vector<MomentDistance>& values, std::optional<double>& moments,
                 std::optional<double>& covariance) {
          if (values.empty()) return;
          const MomentErrors errors = moment_errors(values, truth);
          moments = errors.moments;
          covariance = errors.covariance;
        },
        at.scores.moments_error, at.scores.covariance_error);
  }

  /// Means over mu of what every mu has: means over different mu could not be compared.
  void average() {
    const auto mean_over_mu = [this](Score Scores::*metric) {
      const auto mean_of_source = [&](std::optional<double> Score::*source) -> std::optional<double> {
        std::vector<double> values;
        for (const EvaluationAtMu& at : result_.per_mu) {
          const std::optional<double>& value = at.scores.*metric.*source;
          if (!value) return std::nullopt;
          values.push_back(*value);
        }
        return mean_of(values);
      };
      return Score{mean_of_source(&Score::prediction), mean_of_source(&Score::floor), mean_of_source(&Score::nearest),
                   mean_of_source(&Score::interpolated)};
    };
    for (const auto metric : {&Scores::electric_energy_error, &Scores::electric_energy_error_frames, &Scores::sinkhorn,
                              &Scores::sliced_w2, &Scores::moments_error, &Scores::covariance_error})
      result_.mean.*metric = mean_over_mu(metric);
  }

  void advance(const EvaluationAtMu& at) {
    if (interrupt_requested()) throw Interrupted("evaluate was interrupted; nothing was written");
    if (observer_)
      observer_({"evaluate mu = " + mu_text(at.mu), done_, units_per_mu_ * rollout_.header().mu_count(), ""});
    ++done_;
  }

  void warn(const std::string& text) { result_.warnings.push_back(text); }

  void warn_about_convergence() {
    if (std::exchange(warned_about_convergence_, true)) return;
    warn("some Sinkhorn divergences did not converge: raise evaluate.epsilon or lower evaluate.points");
  }

  const EvaluateOptions& options_;
  const ProgressObserver& observer_;
  const problems::Problem* energy_problem_ = nullptr;
  Evaluation result_;
  Run rollout_;
  Run reference_;
  std::optional<TrainingBaseline> training_;
  std::optional<FloorRun> floor_;
  std::int64_t units_per_mu_ = 0;
  std::int64_t done_ = 0;
  bool warned_about_convergence_ = false;
};

}  // namespace

void bind(OptionSet& set, EvaluateOptions& options) {
  set.add("evaluate.floor", options.floor, "compare an independent high-fidelity run at the same mu as well");
  set.add("evaluate.floor_file", options.floor_file, "that run, as a dataset file; empty: generate it now");
  set.add("evaluate.points", options.points, "points per cloud for the Sinkhorn divergence");
  set.add("evaluate.epsilon", options.epsilon, "its regularisation, in squared coordinates of unit spread");
  set.add("evaluate.projections", options.projections, "directions of the sliced W2 distance");
  set.add("evaluate.frames", options.frames, "frames whose clouds are compared, equally spaced; 0: all");
}

Evaluation evaluate(const EvaluateOptions& options, const problems::Problem* problem,
                    const ProgressObserver& observer) {
  check(options);
  return Evaluator(options, problem, observer).run();
}

Evaluation evaluate(const EvaluateOptions& options, const ProgressObserver& observer) {
  check(options);
  const std::unique_ptr<problems::Problem> problem = problems::problem_of(Run(options.reference).header());
  return evaluate(options, problem.get(), observer);
}

}  // namespace scorefield::metrics
