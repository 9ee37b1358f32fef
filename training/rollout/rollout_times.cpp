#include "training/rollout/rollout_times.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace scorefield::training {

std::vector<double> rollout_times(const std::vector<double>& known, std::int64_t frames) {
  if (frames == 0) return known;
  const bool choose = frames <= static_cast<std::int64_t>(known.size());
  std::vector<double> times;
  const double start = known.front(), span = known.back() - start;
  for (std::int64_t k = 0; k < frames; ++k) {
    const double t = start + span * static_cast<double>(k) / static_cast<double>(frames - 1);
    const auto nearest = std::min_element(known.begin(), known.end(),
                                          [t](double a, double b) { return std::abs(a - t) < std::abs(b - t); });
    times.push_back(choose ? *nearest : t);
  }
  if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end()) return times;
  for (std::int64_t k = 0; k < frames; ++k)  // unevenly spaced: every n-th of them
    times[static_cast<std::size_t>(k)] =
        known[static_cast<std::size_t>(k * (static_cast<std::int64_t>(known.size()) - 1) / (frames - 1))];
  return times;
}

}  // namespace scorefield::training
