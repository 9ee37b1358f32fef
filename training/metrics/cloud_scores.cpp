#include "training/metrics/cloud_scores.hpp"

#include "core/parallel.hpp"
#include "training/metrics/history_error.hpp"
#include "training/metrics/metric.hpp"

namespace scorefield::metrics {
namespace {

StateSpace space_of(const RunAtMu& truth, const std::vector<double>& times) {
  SpreadMeter meter(truth.run->header().periods);
  for (const double t : times) {
    const std::int64_t frame = truth.run->nearest_frame(truth.mu_index, t);
    meter.add(truth.run->samples(truth.mu_index, frame), truth.run->weights(truth.mu_index, frame));
  }
  return meter.space();
}

/// Per frame and their means, of every metric that is a distance between clouds.
void score_distances(const std::vector<Compared<std::vector<CloudDistance>>>& frames, Scores& scores) {
  std::size_t i = 0;
  for (const Metric& metric : metrics()) {
    if (metric.of_clouds == nullptr) continue;
    Score& score = scores[metric];
    for (const auto& frame : frames)
      frame.for_each(
          [i](const std::vector<CloudDistance>& distances, std::vector<double>& values) {
            if (!distances.empty()) values.push_back(distances[i].value);
          },
          score.frames);
    score.frames.for_each(
        [](const std::vector<double>& values, std::optional<double>& mean) { mean = mean_of(values); }, score);
    ++i;
  }
}

void score_moments(const std::vector<Compared<std::optional<MomentDistance>>>& frames,
                   const std::vector<Moments>& truth, Scores& scores) {
  Compared<std::vector<MomentDistance>> distances;
  for (const auto& frame : frames)
    frame.for_each(
        [](const std::optional<MomentDistance>& value, std::vector<MomentDistance>& values) {
          if (value) values.push_back(*value);
        },
        distances);
  for (const Metric& metric : metrics())
    if (metric.of_moments != nullptr)
      distances.for_each(
          [&](const std::vector<MomentDistance>& values, std::optional<double>& error) {
            if (!values.empty()) error = metric.of_moments(values, truth);
          },
          scores[metric]);
}

}  // namespace

CloudScores::CloudScores(const Populations& populations, std::vector<double> times, const EvaluateOptions& options,
                         std::int64_t seed)
    : populations_(populations),
      times_(std::move(times)),
      options_(options),
      seed_(seed),
      space_(space_of(populations.truth, times_)),
      sliced_(space_.periods, options.projections, seed) {}

PointCloud CloudScores::cloud(const RunAtMu& at, double time) const {
  const std::int64_t frame = at.run->nearest_frame(at.mu_index, time);
  return normalised(at.run->samples(at.mu_index, frame), space_, at.run->weights(at.mu_index, frame));
}

Moments CloudScores::combined_moments(const data::MuWeights& runs, double time) const {
  std::vector<Moments> moments;
  std::vector<double> weights;
  for (const auto& [index, weight] : runs) {
    moments.push_back(moments_of(cloud({populations_.training, index}, time), space_.periods));
    weights.push_back(weight);
  }
  return combined(moments, weights);
}

CloudScores::Frame CloudScores::compare(double time) const {
  const PointCloud true_cloud = cloud(populations_.truth, time);
  const TrueCloud truth(true_cloud, space_, sliced_, {options_.points, options_.epsilon, seed_});
  Frame frame;
  frame.truth = moments_of(true_cloud, space_.periods);
  const auto score = [&](const PointCloud& points, std::vector<CloudDistance>& distances, auto& moments) {
    for (const Metric& metric : metrics())
      if (metric.of_clouds != nullptr) distances.push_back(metric.of_clouds(truth, points));
    moments = distance(moments_of(points, space_.periods), frame.truth);
  };
  populations_.runs.for_each(
      [&](const RunAtMu& at, auto& distances, auto& moments) {
        if (at.run != nullptr) score(cloud(at, time), distances, moments);
      },
      frame.distances, frame.moments);
  if (populations_.mixture) {
    const auto mixed = populations_.mixture->particles(time);
    score(normalised(mixed.samples, space_, mixed.weights), frame.distances.mixture, frame.moments.mixture);
  }
  populations_.combined.for_each(
      [&](const std::optional<data::MuWeights>& runs, auto& moments) {
        if (runs) moments = distance(combined_moments(*runs, time), frame.truth);
      },
      frame.moments);
  return frame;
}

bool CloudScores::add_to(Scores& scores) const {
  std::vector<Frame> found(times_.size());
  parallel_for(static_cast<std::int64_t>(found.size()), [&](std::int64_t i) { found[i] = compare(times_[i]); });

  std::vector<Compared<std::vector<CloudDistance>>> distances;
  std::vector<Compared<std::optional<MomentDistance>>> moments;
  std::vector<Moments> truth;
  bool converged = true;
  for (const Frame& frame : found) {
    distances.push_back(frame.distances);
    moments.push_back(frame.moments);
    truth.push_back(frame.truth);
    frame.distances.for_each([&](const std::vector<CloudDistance>& of_source) {
      for (const CloudDistance& distance : of_source) converged = converged && distance.converged;
    });
  }
  score_distances(distances, scores);
  score_moments(moments, truth, scores);
  return converged;
}

}  // namespace scorefield::metrics
