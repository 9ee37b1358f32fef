#include "solvers/ift/weights.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/parallel.hpp"
#include "solvers/ift/nearest.hpp"

namespace scorefield::ift {
namespace {

constexpr std::int64_t kTogether = 64;  ///< splits of one task

}  // namespace

void project_on_simplex(std::vector<double>& w) {
  std::vector<double> sorted = w;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0, shift = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i];
    const double candidate = (sum - 1) / static_cast<double>(i + 1);
    if (sorted[i] > candidate) shift = candidate;
  }
  for (double& value : w) value = std::max(0.0, value - shift);
}

double effective_size(const std::vector<double>& w) {
  double squares = 0;
  for (const double value : w) squares += value * value;
  return 1 / squares;
}

std::int64_t split_heavy(std::vector<double>& x, std::vector<double>& w, std::int64_t d, double share, double spread,
                         const Philox& random) {
  const auto n = w.size(), width = static_cast<std::size_t>(d);
  double squares = 1 / effective_size(w);
  if (share * static_cast<double>(n) * squares <= 1) return 0;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return w[a] < w[b]; });
  std::vector<std::int64_t> light, heavy;
  for (std::size_t low = 0, high = n - 1; low < high && share * static_cast<double>(n) * squares > 1; ++low, --high) {
    double &least = w[order[low]], &most = w[order[high]];
    if (most < 2 * least) break;
    const double half = (least + most) / 2;
    squares += 2 * half * half - least * least - most * most;
    least = most = half;
    light.push_back(static_cast<std::int64_t>(order[low]));
    heavy.push_back(static_cast<std::int64_t>(order[high]));
  }
  const auto splits = static_cast<std::int64_t>(light.size());
  std::vector<float> places(x.size());  // from the first particle: a scale needs no more digits
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < width; ++c) places[i * width + c] = static_cast<float>(x[i * width + c] - x[c]);
  parallel_for((splits + kTogether - 1) / kTogether, [&](std::int64_t block) {
    const std::int64_t first = block * kTogether, count = std::min(kTogether, splits - first);
    std::vector<float> memory(16 * width), nearest(static_cast<std::size_t>(count));
    kNearest.chosen().squares(
        {places.data(), static_cast<std::int64_t>(n), d, heavy.data() + first, count, nearest.data(), memory.data()});
    std::vector<double> direction(width + 1);
    for (std::int64_t k = 0; k < count; ++k) {
      const auto to = static_cast<std::size_t>(light[static_cast<std::size_t>(first + k)]) * width;
      const auto from = static_cast<std::size_t>(heavy[static_cast<std::size_t>(first + k)]) * width;
      const double distance =
          std::max(0.5 * std::sqrt(static_cast<double>(nearest[static_cast<std::size_t>(k)])), spread / 50);
      for (std::size_t c = 0; c < width; c += 2) {
        const auto two = random.normals(to + c);
        std::copy(two.begin(), two.end(), direction.begin() + static_cast<std::ptrdiff_t>(c));
      }
      double norm = 0;
      for (std::size_t c = 0; c < width; ++c) norm += direction[c] * direction[c];
      for (std::size_t c = 0; c < width; ++c) x[to + c] = x[from + c] + distance / std::sqrt(norm) * direction[c];
    }
  });
  return splits;
}

}  // namespace scorefield::ift
