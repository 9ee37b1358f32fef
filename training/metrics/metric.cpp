#include "training/metrics/metric.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "training/metrics/history_error.hpp"

namespace scorefield::metrics {
namespace {

constexpr Compared<bool> kOfHistories{true, true, true, true, true, true, true, false, false};
constexpr Compared<bool> kOfMoments{true, true, true, true, true, true, true, true, true};
// A grid's run knows no chance: an independent one is the same. The mixture's density is the linear interpolation.
constexpr Compared<bool> kOfDensities{true, false, true, true, true, false, true, false, false};
// Two populations do not add up to one in between.
constexpr Compared<bool> kOfClouds{true, true, true, false, false, true, true, true, true};

constexpr const char* kEnergy = "Electric energy";
constexpr const char* kDensity = "Density on a grid";
constexpr const char* kMoments = "Moments, relative L2 over frames";
constexpr const char* kModesGroup = "Density modes, complex, relative L2 over frames";
constexpr const char* kPhaseSpace = "Phase space, mean over frames";

std::string epsilon_text(const EvaluateOptions& options) {
  char text[48];
  std::snprintf(text, sizeof text, "epsilon %.4g", options.epsilon);
  return text;
}

double largest(std::span<const double> errors) { return *std::max_element(errors.begin(), errors.end()); }

double mean_over_frames(std::span<const double> energy, std::span<const double> truth) {
  return mean_relative_error(energy, truth);
}

std::optional<double> moments_error(const std::vector<MomentDistance>& distances, const std::vector<Moments>& truth) {
  return moment_errors(distances, truth).moments;
}

std::optional<double> covariance_error(const std::vector<MomentDistance>& distances,
                                       const std::vector<Moments>& truth) {
  return moment_errors(distances, truth).covariance;
}

template <std::size_t mode>
std::optional<double> density_mode(const std::vector<MomentDistance>& distances, const std::vector<Moments>& truth) {
  return mode_error(distances, truth, mode);
}

std::optional<CloudDistance> sinkhorn(const TrueCloud& truth, const PointCloud& cloud) { return truth.sinkhorn(cloud); }

std::optional<CloudDistance> sliced_w2(const TrueCloud& truth, const PointCloud& cloud) {
  return truth.sliced_w2(cloud);
}

std::optional<CloudDistance> total_variation(const TrueCloud& truth, const PointCloud& cloud) {
  return truth.total_variation(cloud);
}

std::optional<CloudDistance> mmd(const TrueCloud& truth, const PointCloud& cloud) { return truth.mmd(cloud); }

std::string cells_text(const EvaluateOptions&) { return std::to_string(PhaseCells::kPerCoordinate) + " a coordinate"; }

constexpr std::array kMetrics{Metric{.key = "density_error",
                                     .title = "density on a grid, largest relative L2 over time",
                                     .heading = "f error",
                                     .unit = "1",
                                     .group = kDensity,
                                     .meaning = "relative L2, the largest over time",
                                     .shown = Shown::everywhere,
                                     .sources = kOfDensities,
                                     .of_density = largest,
                                     .guided_by = ""},
                              Metric{.key = "electric_energy_error",
                                     .title = "electric energy, relative L2",
                                     .heading = "E error",
                                     .unit = "1",
                                     .group = kEnergy,
                                     .meaning = "relative L2 over time",
                                     .shown = Shown::everywhere,
                                     .sources = kOfHistories,
                                     .of_energy = relative_l2,
                                     .guided_by = "modes"},
                              Metric{.key = "electric_energy_error_frames",
                                     .title = "electric energy, mean over frames",
                                     .heading = "E error of frames",
                                     .unit = "1",
                                     .group = kEnergy,
                                     .meaning = "mean over frames above 5 % of the peak",
                                     .shown = Shown::evaluation,
                                     .sources = kOfHistories,
                                     .of_energy = mean_over_frames,
                                     .guided_by = "modes"},
                              Metric{.key = "moments_error",
                                     .title = "moments, relative L2",
                                     .heading = "moments error",
                                     .unit = "1",
                                     .group = kMoments,
                                     .meaning = "mean and deviation of every coordinate",
                                     .shown = Shown::everywhere,
                                     .sources = kOfMoments,
                                     .of_moments = moments_error,
                                     .guided_by = "moments modes"},
                              Metric{.key = "covariance_error",
                                     .title = "covariance, relative L2",
                                     .heading = "covariance error",
                                     .unit = "1",
                                     .group = kMoments,
                                     .meaning = "covariance",
                                     .shown = Shown::tables,
                                     .sources = kOfMoments,
                                     .of_moments = covariance_error,
                                     .guided_by = "moments modes"},
                              Metric{.key = "density_mode_1_error",
                                     .title = "density mode 1, relative L2",
                                     .heading = "mode 1 error",
                                     .unit = "1",
                                     .group = kModesGroup,
                                     .meaning = "mode 1",
                                     .shown = Shown::tables,
                                     .sources = kOfMoments,
                                     .of_moments = density_mode<1>,
                                     .guided_by = "modes"},
                              Metric{.key = "density_mode_2_error",
                                     .title = "density mode 2, relative L2",
                                     .heading = "mode 2 error",
                                     .unit = "1",
                                     .group = kModesGroup,
                                     .meaning = "mode 2",
                                     .shown = Shown::tables,
                                     .sources = kOfMoments,
                                     .of_moments = density_mode<2>,
                                     .guided_by = "modes"},
                              Metric{.key = "density_mode_3_error",
                                     .title = "density mode 3, relative L2",
                                     .heading = "mode 3 error",
                                     .unit = "1",
                                     .group = kModesGroup,
                                     .meaning = "mode 3",
                                     .shown = Shown::tables,
                                     .sources = kOfMoments,
                                     .of_moments = density_mode<3>,
                                     .guided_by = "modes"},
                              Metric{.key = "sinkhorn",
                                     .title = "Sinkhorn divergence",
                                     .heading = "Sinkhorn",
                                     .unit = "squared coordinates of unit spread",
                                     .group = kPhaseSpace,
                                     .meaning = "Sinkhorn divergence",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .of_clouds = sinkhorn,
                                     .setting = epsilon_text},
                              Metric{.key = "sliced_w2",
                                     .title = "sliced W2",
                                     .heading = "sliced W2",
                                     .unit = "coordinates of unit spread",
                                     .group = kPhaseSpace,
                                     .meaning = "sliced W2",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .of_clouds = sliced_w2},
                              Metric{.key = "total_variation",
                                     .title = "total variation on cells of phase space",
                                     .heading = "TV",
                                     .unit = "share of the particles",
                                     .group = kPhaseSpace,
                                     .meaning = "total variation on cells",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .of_clouds = total_variation,
                                     .setting = cells_text},
                              Metric{.key = "mmd",
                                     .title = "MMD, bandwidth sqrt(d)/2",
                                     .heading = "MMD",
                                     .unit = "root of the kernel's unit",
                                     .group = kPhaseSpace,
                                     .meaning = "MMD of a Gaussian kernel, bandwidth sqrt(d)/2",
                                     .shown = Shown::everywhere,
                                     .sources = kOfClouds,
                                     .of_clouds = mmd}};

}  // namespace

std::string Metric::key_of(const Source& source) const {
  std::string text = key;
  if (source.name == std::string_view(kSources.prediction.name)) return text;
  constexpr std::string_view kError = "_error";
  const auto at = text.find(kError);
  const std::string baseline = std::string("_") + source.name;
  return at == std::string::npos ? text + baseline : text.replace(at, kError.size(), baseline);
}

bool guides(std::string_view guide, const Metric& metric) {
  return !guide.empty() && std::string_view(metric.guided_by).find(guide) != std::string_view::npos;
}

std::span<const Metric> metrics() { return kMetrics; }

namespace {

std::size_t index_of(const Metric& metric) { return static_cast<std::size_t>(&metric - kMetrics.data()); }

std::size_t index_of(std::string_view key) {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(), [&](const Metric& m) { return m.key == key; });
  if (found == kMetrics.end()) throw std::out_of_range("no metric is called " + std::string(key));
  return index_of(*found);
}

}  // namespace

Scores::Scores() : scores_(kMetrics.size()) {}
Score& Scores::operator[](const Metric& metric) { return scores_.at(index_of(metric)); }
const Score& Scores::operator[](const Metric& metric) const { return scores_.at(index_of(metric)); }
Score& Scores::operator[](std::string_view key) { return scores_[index_of(key)]; }
const Score& Scores::operator[](std::string_view key) const { return scores_[index_of(key)]; }

std::optional<Best> best_of(const Score& score) {
  std::optional<Best> best;
  bool has_baseline = false;
  score.for_each(
      [&](const std::optional<double>& value, const Source& source) {
        if (!value || !source.competes) return;
        has_baseline = has_baseline || &source != &kSources.prediction;
        if (!best || *value < best->error) best = Best{&source, *value};
      },
      kSources);
  return has_baseline ? best : std::nullopt;
}

const Metric* main_metric(const Scores& scores) {
  for (const Metric& metric : kMetrics)
    if (metric.relative() && metric.shown == Shown::everywhere && scores[metric].prediction) return &metric;
  return nullptr;
}

}  // namespace scorefield::metrics
