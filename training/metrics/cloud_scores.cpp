#include "training/metrics/cloud_scores.hpp"

#include <span>

#include "core/parallel.hpp"
#include "core/random_subset.hpp"
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

/// Some points of a cloud.
PointCloud rows_of(const PointCloud& cloud, std::span<const std::int64_t> rows) {
  PointCloud part{cloud.dimension, {}};
  for (const std::int64_t row : rows) {
    const auto point = cloud.point(row);
    part.values.insert(part.values.end(), point.begin(), point.end());
    if (!cloud.weights.empty()) part.weights.push_back(cloud.weights[row]);
  }
  return part;
}

void score_cloud(const TrueCloud& truth, const PointCloud& points,
                 std::vector<std::optional<CloudDistance>>& distances) {
  for (const Metric& metric : metrics())
    if (metric.of_clouds != nullptr) distances.push_back(metric.of_clouds(truth, points));
}

/// Per frame and their means, of every metric that is a distance between clouds.
void score_distances(const std::vector<Compared<std::vector<std::optional<CloudDistance>>>>& frames, Scores& scores) {
  std::size_t i = 0;
  for (const Metric& metric : metrics()) {
    if (metric.of_clouds == nullptr) continue;
    Score& score = scores[metric];
    for (const auto& frame : frames)
      frame.for_each(
          [i](const auto& distances, std::vector<double>& values) {
            if (!distances.empty() && distances[i]) values.push_back(distances[i]->value);
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
            if (values.size() == truth.size()) error = metric.of_moments(values, truth);
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
      measures_(space_, options.projections, seed) {}

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

void CloudScores::compare_halves(const PointCloud& truth, Frame& frame) const {
  const auto rows = random_subset(truth.count(), truth.count(), static_cast<std::uint64_t>(seed_));
  const auto half = rows.size() / 2;
  const PointCloud one = rows_of(truth, std::span(rows).first(half));
  const PointCloud other = rows_of(truth, std::span(rows).subspan(half));
  score_cloud(TrueCloud(one, space_, measures_, {options_.points, options_.epsilon, seed_}), other,
              frame.distances.halves);
  frame.moments.halves = distance(moments_of(other, space_.periods), moments_of(one, space_.periods));
}

CloudScores::Frame CloudScores::compare(double time) const {
  const PointCloud true_cloud = cloud(populations_.truth, time);
  const TrueCloud truth(true_cloud, space_, measures_, {options_.points, options_.epsilon, seed_});
  Frame frame;
  frame.truth = moments_of(true_cloud, space_.periods);
  const auto score = [&](const PointCloud& points, auto& distances, auto& moments) {
    score_cloud(truth, points, distances);
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
  if (populations_.displacement) {
    const auto moved = populations_.displacement->particles(time);
    score(normalised(moved.samples, space_, moved.weights), frame.distances.displacement, frame.moments.displacement);
  }
  if (populations_.halves && true_cloud.count() > 1) compare_halves(true_cloud, frame);
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

  std::vector<Compared<std::vector<std::optional<CloudDistance>>>> distances;
  std::vector<Compared<std::optional<MomentDistance>>> moments;
  std::vector<Moments> truth;
  bool converged = true;
  for (const Frame& frame : found) {
    distances.push_back(frame.distances);
    moments.push_back(frame.moments);
    truth.push_back(frame.truth);
    frame.distances.for_each([&](const auto& of_source) {
      for (const auto& distance : of_source) converged = converged && (!distance || distance->converged);
    });
  }
  score_distances(distances, scores);
  score_moments(moments, truth, scores);
  return converged;
}

}  // namespace scorefield::metrics
