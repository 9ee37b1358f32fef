#include "training/metrics/history_error.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.hpp"

namespace scorefield::metrics {
namespace {

void check_lengths(std::size_t first, std::size_t second, const char* names) {
  if (first != second || first == 0)
    throw Error(std::string(names) + " must have the same length and not be empty, not " + std::to_string(first) +
                " and " + std::to_string(second));
}

[[noreturn]] void throw_zero_truth() {
  throw Error("the true history is zero throughout: an error relative to it does not exist");
}

}  // namespace

double relative_l2(std::span<const double> prediction, std::span<const double> truth) {
  check_lengths(prediction.size(), truth.size(), "predicted and true history");
  double error = 0;
  double norm = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    error += (prediction[k] - truth[k]) * (prediction[k] - truth[k]);
    norm += truth[k] * truth[k];
  }
  if (norm == 0) throw_zero_truth();
  return std::sqrt(error / norm);
}

double mean_relative_error(std::span<const double> prediction, std::span<const double> truth, double fraction) {
  check_lengths(prediction.size(), truth.size(), "predicted and true history");
  double peak = 0;
  for (const double value : truth) peak = std::max(peak, std::abs(value));
  if (peak == 0) throw_zero_truth();
  double sum = 0;
  std::int64_t frames = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    if (std::abs(truth[k]) <= fraction * peak) continue;
    sum += std::abs(prediction[k] - truth[k]) / std::abs(truth[k]);
    ++frames;
  }
  return sum / static_cast<double>(frames);
}

std::vector<double> interpolate_linear(std::span<const double> times, std::span<const double> values,
                                       std::span<const double> at) {
  check_lengths(times.size(), values.size(), "times and values");
  std::vector<double> result;
  result.reserve(at.size());
  for (const double t : at) {
    const auto next = std::upper_bound(times.begin(), times.end(), t) - times.begin();
    if (next == 0) {
      result.push_back(values.front());
    } else if (next == static_cast<std::ptrdiff_t>(times.size())) {
      result.push_back(values.back());
    } else {
      const double weight = (t - times[next - 1]) / (times[next] - times[next - 1]);
      result.push_back((1 - weight) * values[next - 1] + weight * values[next]);
    }
  }
  return result;
}

std::optional<double> mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::int64_t nearest_time(std::span<const double> times, double t) {
  const auto next = std::lower_bound(times.begin(), times.end(), t) - times.begin();
  if (next == 0) return 0;
  if (next == static_cast<std::ptrdiff_t>(times.size())) return next - 1;
  return t - times[next - 1] <= times[next] - t ? next - 1 : next;
}

}  // namespace scorefield::metrics
