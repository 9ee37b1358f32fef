#include "data/mu_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace scorefield::data {
namespace {

constexpr double kZero = 1e-12;    // coefficients below are rounding: all are of order 1
constexpr double kOutside = 1e-9;  // units beyond the hull that rounding explains

double squared_norm(const std::vector<double>& offset) {
  return std::inner_product(offset.begin(), offset.end(), offset.begin(), 0.0);
}

/// The simplex method for: least sum_i w_i |y_i|^2 under sum_i w_i y_i = 0, sum_i w_i = 1, w >= 0. Bland's rule, since
/// nearly all right-hand sides are 0.
class LeastSpread {
 public:
  /// offsets: [M][p], the y_i.
  explicit LeastSpread(const std::vector<std::vector<double>>& offsets)
      : offsets_(offsets), variables_(offsets.size()), rows_(offsets.front().size() + 1) {
    table_.assign(rows_, std::vector<double>(variables_ + 1));
    for (std::size_t i = 0; i < variables_; ++i) {
      table_[0][i] = 1;
      for (std::size_t r = 1; r < rows_; ++r) table_[r][i] = offsets[i][r - 1];
    }
    table_[0][variables_] = 1;
    basis_.assign(rows_, kArtificial);
  }

  /// [M] weights; absent where there are none.
  std::optional<std::vector<double>> solve() {
    find_feasible();
    double missing = 0;
    for (std::size_t r = 0; r < rows_; ++r)
      if (basis_[r] == kArtificial) missing += table_[r][variables_];
    if (missing > kOutside) return std::nullopt;
    leave_artificials();
    improve([this](std::size_t i) { return squared_norm(offsets_[i]); });
    std::vector<double> weights(variables_);
    for (std::size_t r = 0; r < rows_; ++r)
      if (basis_[r] != kArtificial) weights[basis_[r]] = table_[r][variables_];
    return weights;
  }

 private:
  static constexpr std::size_t kArtificial = std::numeric_limits<std::size_t>::max();

  /// From the artificial basis, whose values are the right-hand sides, to one whose artificial variables add up to the
  /// least.
  void find_feasible() {
    improve([](std::size_t) { return 0.0; }, 1.0);
  }

  /// Variables that are still artificial are 0: any other one takes their place, or their equation says nothing.
  void leave_artificials() {
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t i = 0; basis_[r] == kArtificial && i < variables_; ++i)
        if (std::abs(table_[r][i]) > kOutside) pivot(r, i);
  }

  template <class Cost>
  void improve(const Cost& cost, double artificial_cost = 0) {
    const auto cost_of = [&](std::size_t i) { return i == kArtificial ? artificial_cost : cost(i); };
    for (std::size_t entering = 0; entering < variables_;) {
      double gain = -cost(entering);
      for (std::size_t r = 0; r < rows_; ++r) gain += cost_of(basis_[r]) * table_[r][entering];
      const std::size_t leaving = gain > kZero ? leaving_row(entering) : rows_;
      if (leaving == rows_) {
        ++entering;
        continue;
      }
      pivot(leaving, entering);
      entering = 0;
    }
  }

  /// The row that stops the growth of a variable; of several the one whose variable comes first.
  [[nodiscard]] std::size_t leaving_row(std::size_t entering) const {
    std::size_t best = rows_;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < rows_; ++r) {
      if (table_[r][entering] <= kZero) continue;
      const double ratio = table_[r][variables_] / table_[r][entering];
      if (ratio < least - kZero || (ratio < least + kZero && basis_[r] < basis_[best])) best = r;
      least = std::min(least, ratio);
    }
    return best;
  }

  void pivot(std::size_t row, std::size_t column) {
    const double scale = 1 / table_[row][column];
    for (double& value : table_[row]) value *= scale;
    for (std::size_t r = 0; r < rows_; ++r) {
      const double factor = table_[r][column];
      if (r == row || factor == 0) continue;
      for (std::size_t i = 0; i <= variables_; ++i) table_[r][i] -= factor * table_[row][i];
    }
    basis_[row] = column;
  }

  const std::vector<std::vector<double>>& offsets_;
  std::size_t variables_, rows_;
  std::vector<std::vector<double>> table_;  ///< [p + 1][M + 1], the right-hand side last
  std::vector<std::size_t> basis_;          ///< [p + 1] the variable of each row
};

MuWeights listed(const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  MuWeights result;
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (weights[i] > kZero) result.push_back({static_cast<std::int64_t>(i), weights[i] / sum});
  return result;
}

}  // namespace

std::optional<MuWeights> barycentric_weights(const MuSet& set, const std::vector<double>& at) {
  if (const auto same = set.find(at)) return MuWeights{{*same, 1}};
  const auto offsets = set.offsets(at);
  const auto weights = LeastSpread(offsets).solve();
  if (!weights) return std::nullopt;
  return listed(*weights);
}

MuWeights inverse_distance_weights(const MuSet& set, const std::vector<double>& at) {
  if (const auto same = set.find(at)) return {{*same, 1}};
  const auto offsets = set.offsets(at);
  std::vector<std::size_t> order(offsets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return squared_norm(offsets[a]) < squared_norm(offsets[b]); });
  order.resize(std::min(order.size(), at.size() + 1));
  std::vector<double> weights(offsets.size());
  for (const std::size_t i : order) weights[i] = 1 / std::sqrt(squared_norm(offsets[i]));
  return listed(weights);
}

namespace {

/// Lagrange's weights at 0 of the values around it, four of them or as many as there are. values: increasing
std::vector<std::pair<std::size_t, double>> lagrange_weights(const std::vector<double>& values) {
  const std::size_t count = std::min<std::size_t>(4, values.size());
  std::size_t below = 0;
  while (below + 1 < values.size() && values[below + 1] < 0) ++below;
  const std::size_t first = std::clamp<std::size_t>(below, 1, values.size() - count + 1) - 1;
  std::vector<std::pair<std::size_t, double>> weights;
  for (std::size_t i = first; i < first + count; ++i) {
    double weight = 1;
    for (std::size_t j = first; j < first + count; ++j)
      if (j != i) weight *= values[j] / (values[j] - values[i]);
    weights.emplace_back(i, weight);
  }
  return weights;
}

/// Different values along one parameter, increasing.
std::vector<double> levels_of(const std::vector<std::vector<double>>& offsets, std::size_t parameter) {
  std::vector<double> levels;
  for (const auto& row : offsets) levels.push_back(row[parameter]);
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end(), [](double a, double b) { return b - a <= kOutside; }),
               levels.end());
  return levels;
}

/// Number of the level that a value is at.
std::size_t level_at(const std::vector<double>& levels, double value) {
  const auto after = std::lower_bound(levels.begin(), levels.end(), value - kOutside);
  return static_cast<std::size_t>(after - levels.begin());
}

/// Products of the weights along every parameter, where every combination of levels is one of the values.
std::optional<MuWeights> grid_weights(const std::vector<std::vector<double>>& offsets, std::size_t least) {
  const std::size_t p = offsets.front().size();
  std::vector<std::vector<double>> levels, weights;
  std::size_t combinations = 1;
  for (std::size_t j = 0; j < p; ++j) {
    levels.push_back(levels_of(offsets, j));
    if (levels.back().size() < least) return std::nullopt;
    combinations *= levels.back().size();
    weights.emplace_back(levels.back().size());
    for (const auto& [level, weight] : lagrange_weights(levels.back())) weights.back()[level] = weight;
  }
  std::vector<bool> seen(combinations);
  MuWeights result;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    std::size_t place = 0;
    double weight = 1;
    for (std::size_t j = 0; j < p; ++j) {
      const std::size_t level = level_at(levels[j], offsets[i][j]);
      place = place * levels[j].size() + level;
      weight *= weights[j][level];
    }
    if (seen[place]) continue;
    seen[place] = true;
    if (weight != 0) result.push_back({static_cast<std::int64_t>(i), weight});
  }
  if (std::find(seen.begin(), seen.end(), false) != seen.end()) return std::nullopt;
  return result;
}

}  // namespace

std::optional<MuWeights> cubic_weights(const MuSet& set, const std::vector<double>& at) {
  if (!set.spans(at)) return std::nullopt;
  const auto offsets = set.offsets(at);
  auto weights = grid_weights(offsets, at.size() == 1 ? 4 : 3);
  if (!weights) return std::nullopt;
  if (const auto same = set.find(at)) return MuWeights{{*same, 1}};
  return weights;
}

}  // namespace scorefield::data
