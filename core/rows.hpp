#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace scorefield {

/// Some rows of values [N, width], in the order of `rows`. Nothing of nothing.
template <class T, class Row>
[[nodiscard]] std::vector<T> picked_rows(const std::vector<T>& values, const std::vector<Row>& rows,
                                         std::size_t width = 1) {
  std::vector<T> picked;
  if (values.empty()) return picked;
  picked.reserve(rows.size() * width);
  for (const Row row : rows) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * width);
    picked.insert(picked.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return picked;
}

/// Systematic resampling: equal steps through the summed weights, the first of them at the share `start` [0, 1) of a
/// step. Calls visit(row) `count` times, rows in order: row n count weights[n]/sum times, rounded down or up, and rows
/// of no weight never. weights: at least one above 0.
template <class T, class Visit>
void for_systematic_rows(std::span<const T> weights, std::int64_t count, double start, Visit&& visit) {
  double total = 0;
  for (const T weight : weights) total += weight;
  const double step = total / static_cast<double>(count);
  std::int64_t drawn = 0;
  std::size_t last = 0;
  double sum = 0;
  for (std::size_t n = 0; n < weights.size(); ++n) {
    if (!(weights[n] > 0)) continue;
    last = n;
    sum += weights[n];
    for (; drawn < count && (start + static_cast<double>(drawn)) * step < sum; ++drawn) visit(n);
  }
  for (; drawn < count; ++drawn) visit(last);  // rounding of the last step
}

}  // namespace scorefield
