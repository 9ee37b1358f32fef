#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace scorefield::metrics {

/// |prediction - truth|_2 / |truth|_2 over frames, plain sums. @throws Error if lengths differ or the truth is zero.
[[nodiscard]] double relative_l2(std::span<const double> prediction, std::span<const double> truth);

/// Mean of |prediction - truth| / |truth| over the frames where |truth| exceeds `fraction` of its peak: a mean over
/// all frames would be decided by those where the truth passes through zero. @throws Error as relative_l2.
[[nodiscard]] double mean_relative_error(std::span<const double> prediction, std::span<const double> truth,
                                         double fraction = 0.05);

/// Piecewise linear values(times) at `at`; constant beyond the ends. times increase strictly. [T], [T], [K] -> [K]
/// @throws Error if times and values differ in length or are empty.
[[nodiscard]] std::vector<double> interpolate_linear(std::span<const double> times, std::span<const double> values,
                                                     std::span<const double> at);

/// Absent for no values.
[[nodiscard]] std::optional<double> mean_of(const std::vector<double>& values);

/// Index of the time nearest to `t`; times increase.
[[nodiscard]] std::int64_t nearest_time(std::span<const double> times, double t);

}  // namespace scorefield::metrics
