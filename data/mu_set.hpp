#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace scorefield::data {

/// Values of the physics parameters, [M][p], and distances between them. Each parameter is measured in units of its own
/// spread in the set (of its magnitude, where all have one value), so that neither SI units nor parameters of unlike
/// size decide which values are near or equal.
class MuSet {
 public:
  /// `mu`: at least one value, all of the same p.
  explicit MuSet(const std::vector<std::vector<double>>& mu);

  /// Index of the value nearest to `at` [p]; the first one of several.
  [[nodiscard]] std::int64_t nearest(const std::vector<double>& at) const;
  /// The same where it equals `at` up to rounding: each parameter within 1e-9 of its unit.
  [[nodiscard]] std::optional<std::int64_t> find(const std::vector<double>& at) const;
  /// [M][p], how far each value is from `at`, every parameter in its unit.
  [[nodiscard]] std::vector<std::vector<double>> offsets(const std::vector<double>& at) const;
  /// The smallest and the largest value of each parameter, [p].
  [[nodiscard]] const std::vector<double>& low() const { return low_; }
  [[nodiscard]] const std::vector<double>& high() const { return high_; }
  /// Whether every parameter of `at` lies between its smallest and largest value, up to the same rounding.
  [[nodiscard]] bool spans(const std::vector<double>& at) const;

 private:
  [[nodiscard]] bool same(const std::vector<double>& a, const std::vector<double>& b) const;

  std::vector<std::vector<double>> mu_;
  std::vector<double> low_, high_, unit_;  ///< [p]
};

}  // namespace scorefield::data
