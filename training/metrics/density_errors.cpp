#include "training/metrics/density_errors.hpp"

#include <cmath>
#include <span>

#include "core/error.hpp"

namespace scorefield::metrics {
namespace {

std::vector<float> density(const RunAtMu& at, double time) {
  return at.run->density(at.mu_index, at.run->nearest_frame(at.mu_index, time));
}

std::vector<float> combined(const Run& training, const data::MuWeights& weights, double time) {
  std::vector<float> sum;
  for (const auto& [index, weight] : weights) {
    const auto values = density({&training, index}, time);
    if (sum.empty()) sum.resize(values.size());
    for (std::size_t g = 0; g < values.size(); ++g) sum[g] += static_cast<float>(weight) * values[g];
  }
  return sum;
}

double relative_error(std::span<const float> values, std::span<const float> truth) {
  double error = 0, norm = 0;
  for (std::size_t g = 0; g < truth.size(); ++g) {
    error += std::pow(static_cast<double>(values[g]) - truth[g], 2);
    norm += std::pow(static_cast<double>(truth[g]), 2);
  }
  return std::sqrt(error / norm);
}

void require_same_grid(const Run& run, const Run& truth) {
  const auto &a = *run.header().density, &b = *truth.header().density;
  const auto same = [](const data::GridAxis& one, const data::GridAxis& other) {
    const double small = 1e-6 * other.spacing;
    return one.nodes == other.nodes && std::abs(one.low - other.low) <= small &&
           std::abs(one.spacing - other.spacing) * static_cast<double>(other.nodes) <= small;
  };
  for (std::size_t c = 0; c < b.axes.size(); ++c)
    if (!same(a.axes[c], b.axes[c]))
      throw FileError(run.path(), "has its density on another grid than " + truth.path() +
                                      ". Make both with the same density_nodes, density_low and density_high.");
}

}  // namespace

ScoreHistory density_errors(const Densities& densities, const std::vector<double>& times) {
  ScoreHistory errors;
  const auto has = [&](const Run* run) {
    if (run == nullptr || !run->header().density) return false;
    require_same_grid(*run, *densities.truth.run);
    return true;
  };
  if (!has(densities.truth.run)) return errors;
  std::vector<std::vector<float>> truth;
  for (const double t : times) truth.push_back(density(densities.truth, t));
  const auto score = [&](const auto& values_at, std::vector<double>& error) {
    error.resize(times.size());
    for (std::size_t k = 0; k < times.size(); ++k) error[k] = relative_error(values_at(times[k]), truth[k]);
  };
  densities.runs.for_each(
      [&](const RunAtMu& at, std::vector<double>& error) {
        if (has(at.run)) score([&](double t) { return density(at, t); }, error);
      },
      errors);
  if (has(densities.training))
    densities.combined.for_each(
        [&](const std::optional<data::MuWeights>& weights, std::vector<double>& error) {
          if (weights) score([&](double t) { return combined(*densities.training, *weights, t); }, error);
        },
        errors);
  return errors;
}

}  // namespace scorefield::metrics
