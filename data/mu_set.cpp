#include "data/mu_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace scorefield::data {
namespace {

constexpr double kSame = 1e-9;

}  // namespace

MuSet::MuSet(const std::vector<std::vector<double>>& mu) : mu_(mu), low_(mu.front()), high_(mu.front()) {
  for (const auto& value : mu_)
    for (std::size_t p = 0; p < low_.size(); ++p) {
      low_[p] = std::min(low_[p], value[p]);
      high_[p] = std::max(high_[p], value[p]);
    }
  for (std::size_t p = 0; p < low_.size(); ++p) {
    const double spread = high_[p] - low_[p], magnitude = std::max(std::abs(low_[p]), std::abs(high_[p]));
    // Numbers that a spread of this size tells apart only by rounding are one value.
    const bool one_value = spread <= 8 * std::numeric_limits<double>::epsilon() * magnitude;
    unit_.push_back(!one_value ? spread : magnitude > 0 ? magnitude : 1);
  }
}

std::int64_t MuSet::nearest(const std::vector<double>& at) const {
  const auto distance = [&](const std::vector<double>& value) {
    double sum = 0;
    for (std::size_t p = 0; p < unit_.size(); ++p) sum += std::pow((value[p] - at[p]) / unit_[p], 2);
    return sum;
  };
  const auto nearer = [&](const auto& a, const auto& b) { return distance(a) < distance(b); };
  return std::min_element(mu_.begin(), mu_.end(), nearer) - mu_.begin();
}

std::vector<std::vector<double>> MuSet::offsets(const std::vector<double>& at) const {
  auto offsets = mu_;
  for (auto& offset : offsets)
    for (std::size_t p = 0; p < unit_.size(); ++p) offset[p] = (offset[p] - at[p]) / unit_[p];
  return offsets;
}

bool MuSet::same(const std::vector<double>& a, const std::vector<double>& b) const {
  for (std::size_t p = 0; p < unit_.size(); ++p) {
    const double rounding = 8 * std::numeric_limits<double>::epsilon() * std::max(std::abs(a[p]), std::abs(b[p]));
    if (std::abs(a[p] - b[p]) > std::max(kSame * unit_[p], rounding)) return false;
  }
  return true;
}

std::optional<std::int64_t> MuSet::find(const std::vector<double>& at) const {
  const std::int64_t found = nearest(at);
  if (!same(mu_[static_cast<std::size_t>(found)], at)) return std::nullopt;
  return found;
}

bool MuSet::spans(const std::vector<double>& at) const {
  for (std::size_t p = 0; p < unit_.size(); ++p)
    if (at[p] < low_[p] - kSame * unit_[p] || at[p] > high_[p] + kSame * unit_[p]) return false;
  return true;
}

}  // namespace scorefield::data
