#include "solvers/mpm/teleport.hpp"

#include <cmath>

namespace scorefield::mpm {

std::vector<std::int32_t> systematic_copies(std::span<const double> weights, double u) {
  double total = 0;
  for (const double w : weights) total += w;
  const double scale = static_cast<double>(weights.size()) / total;
  std::vector<std::int32_t> source(weights.size()), dead, surplus;
  double sum = 0;
  std::int64_t before = 0;
  for (std::size_t p = 0; p < weights.size(); ++p) {
    sum += weights[p] * scale;
    const bool last = p + 1 == weights.size();
    const auto upto = last ? static_cast<std::int64_t>(weights.size()) : static_cast<std::int64_t>(std::ceil(sum - u));
    const auto copies = upto > before ? upto - before : 0;
    before += copies;
    source[p] = static_cast<std::int32_t>(p);
    if (copies == 0) dead.push_back(static_cast<std::int32_t>(p));
    for (std::int64_t c = 1; c < copies; ++c) surplus.push_back(static_cast<std::int32_t>(p));
  }
  for (std::size_t i = 0; i < dead.size() && i < surplus.size(); ++i)
    source[static_cast<std::size_t>(dead[i])] = surplus[i];
  return source;
}

}  // namespace scorefield::mpm
