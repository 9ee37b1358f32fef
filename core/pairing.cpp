#include "core/pairing.hpp"

#include <limits>

namespace scorefield {

std::vector<std::int64_t> optimal_pairing(std::span<const double> cost, std::int64_t n) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const auto size = static_cast<std::size_t>(n);
  // Column `size` stands for the row that has no partner yet.
  std::vector<double> of_row(size), of_column(size + 1);
  std::vector<std::size_t> row_of(size + 1, size), before(size + 1);
  for (std::size_t row = 0; row < size; ++row) {
    row_of[size] = row;
    std::size_t column = size;
    std::vector<double> least(size + 1, kFar);
    std::vector<bool> used(size + 1);
    while (row_of[column] != size) {
      used[column] = true;
      const std::size_t from = row_of[column];
      double step = kFar;
      std::size_t next = size;
      for (std::size_t to = 0; to < size; ++to) {
        if (used[to]) continue;
        const double reduced = cost[from * size + to] - of_row[from] - of_column[to];
        if (reduced < least[to]) {
          least[to] = reduced;
          before[to] = column;
        }
        if (least[to] < step) {
          step = least[to];
          next = to;
        }
      }
      for (std::size_t to = 0; to <= size; ++to) {
        if (used[to]) {
          of_row[row_of[to]] += step;
          of_column[to] -= step;
        } else {
          least[to] -= step;
        }
      }
      column = next;
    }
    for (; column != size; column = before[column]) row_of[column] = row_of[before[column]];
  }
  std::vector<std::int64_t> result(size);
  for (std::size_t to = 0; to < size; ++to) result[row_of[to]] = static_cast<std::int64_t>(to);
  return result;
}

}  // namespace scorefield
