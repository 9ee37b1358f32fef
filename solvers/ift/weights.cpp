#include "solvers/ift/weights.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace scorefield::ift {
namespace {

double nearest_distance(const std::vector<double>& x, std::int64_t d, std::size_t of) {
  const auto width = static_cast<std::size_t>(d);
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < x.size() / width; ++j) {
    if (j == of) continue;
    double square = 0;
    for (std::size_t c = 0; c < width; ++c) square += std::pow(x[j * width + c] - x[of * width + c], 2);
    nearest = std::min(nearest, square);
  }
  return std::sqrt(nearest);
}

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
  std::int64_t splits = 0;
  std::vector<double> direction(width);
  for (std::size_t low = 0, high = n - 1; low < high && share * static_cast<double>(n) * squares > 1; ++low, --high) {
    const std::size_t light = order[low], heavy = order[high];
    if (w[heavy] < 2 * w[light]) break;
    const double half = (w[light] + w[heavy]) / 2;
    squares += 2 * half * half - w[light] * w[light] - w[heavy] * w[heavy];
    w[light] = w[heavy] = half;
    const double distance = std::max(0.5 * nearest_distance(x, d, heavy), spread / 50);
    double norm = 0;
    for (std::size_t c = 0; c < width; ++c) {
      direction[c] = random.normals(light * width + c)[0];
      norm += direction[c] * direction[c];
    }
    for (std::size_t c = 0; c < width; ++c)
      x[light * width + c] = x[heavy * width + c] + distance / std::sqrt(norm) * direction[c];
    ++splits;
  }
  return splits;
}

}  // namespace scorefield::ift
