#include "training/metrics/metric.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace scorefield::metrics {
namespace {

constexpr Compared<bool> kOfHistories{true, true, true, true, true, true};
// Two populations do not add up to one in between.
constexpr Compared<bool> kOfClouds{
    .prediction = true, .floor = true, .nearest = true, .interpolated = false, .cubic = false, .mixture = true};

constexpr const char* kEnergy = "Electric energy";
constexpr const char* kMoments = "Moments, relative L2 over frames";
constexpr const char* kPhaseSpace = "Phase space, mean over frames";

std::string epsilon_text(const EvaluateOptions& options) {
  char text[48];
  std::snprintf(text, sizeof text, "epsilon %.4g", options.epsilon);
  return text;
}

constexpr std::array kMetrics{Metric{.key = "electric_energy_error",
                                     .title = "electric energy, relative L2",
                                     .heading = "E error",
                                     .unit = "1",
                                     .group = kEnergy,
                                     .meaning = "relative L2 over time",
                                     .shown = Shown::everywhere,
                                     .sources = kOfHistories,
                                     .score = &Scores::electric_energy_error},
                              Metric{.key = "electric_energy_error_frames",
                                     .title = "electric energy, mean over frames",
                                     .heading = "E error of frames",
                                     .unit = "1",
                                     .group = kEnergy,
                                     .meaning = "mean over frames above 5 % of the peak",
                                     .shown = Shown::evaluation,
                                     .sources = kOfHistories,
                                     .score = &Scores::electric_energy_error_frames},
                              Metric{.key = "moments_error",
                                     .title = "moments, relative L2",
                                     .heading = "moments error",
                                     .unit = "1",
                                     .group = kMoments,
                                     .meaning = "mean and deviation of every coordinate",
                                     .shown = Shown::everywhere,
                                     .sources = kOfHistories,
                                     .score = &Scores::moments_error},
                              Metric{.key = "covariance_error",
                                     .title = "covariance, relative L2",
                                     .heading = "covariance error",
                                     .unit = "1",
                                     .group = kMoments,
                                     .meaning = "covariance",
                                     .shown = Shown::tables,
                                     .sources = kOfHistories,
                                     .score = &Scores::covariance_error},
                              Metric{.key = "sinkhorn",
                                     .title = "Sinkhorn divergence",
                                     .heading = "Sinkhorn",
                                     .unit = "squared coordinates of unit spread",
                                     .group = kPhaseSpace,
                                     .meaning = "Sinkhorn divergence",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .score = &Scores::sinkhorn,
                                     .distance = &CloudDistances::sinkhorn,
                                     .setting = epsilon_text},
                              Metric{.key = "sliced_w2",
                                     .title = "sliced W2",
                                     .heading = "sliced W2",
                                     .unit = "coordinates of unit spread",
                                     .group = kPhaseSpace,
                                     .meaning = "sliced W2",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .score = &Scores::sliced_w2,
                                     .distance = &CloudDistances::sliced_w2}};

}  // namespace

std::string Metric::key_of(const Source& source) const {
  std::string text = key;
  if (source.name == std::string_view(kSources.prediction.name)) return text;
  constexpr std::string_view kError = "_error";
  const auto at = text.find(kError);
  const std::string baseline = std::string("_") + source.name;
  return at == std::string::npos ? text + baseline : text.replace(at, kError.size(), baseline);
}

std::span<const Metric> metrics() { return kMetrics; }

std::optional<Best> best_of(const Score& score) {
  std::optional<Best> best;
  bool has_baseline = false;
  score.for_each(
      [&](const std::optional<double>& value, const Source& source) {
        if (!value || &source == &kSources.floor) return;
        has_baseline = has_baseline || &source != &kSources.prediction;
        if (!best || *value < best->error) best = Best{&source, *value};
      },
      kSources);
  return has_baseline ? best : std::nullopt;
}

const Metric* main_metric(const Scores& scores) {
  for (const Metric& metric : kMetrics)
    if (metric.relative() && metric.shown == Shown::everywhere && (scores.*metric.score).prediction) return &metric;
  return nullptr;
}

}  // namespace scorefield::metrics
