#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/normalizer.hpp"

namespace scorefield::training {

/// What a drift's functions see of particles, normalised, [B, d]: one row a particle of its coordinates (sine and
/// cosine of periodic ones), or, where the coordinates are those of bodies that are alike, one row a body of its
/// deviation from the mean of the bodies and of that mean. Columns are standardised and held within the range of the
/// data, beyond which functions stay what they are at its end.
class SdeRows {
 public:
  SdeRows(const models::Normalizer& normalizer, bool alike);

  [[nodiscard]] bool alike() const { return alike_; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  /// Of a function's values in a row: d, or 1.
  [[nodiscard]] std::int64_t outputs() const { return alike_ ? 1 : dimension_; }
  /// Rows of a particle.
  [[nodiscard]] std::int64_t per_particle() const { return alike_ ? dimension_ : 1; }
  /// Of a coordinate, normalised, for one of the rows' units; [d].
  [[nodiscard]] const std::vector<double>& units() const { return units_; }

  /// [B, d] -> [R, columns()]
  [[nodiscard]] torch::Tensor state(const torch::Tensor& x) const;
  /// A column of every particle in its rows: [B, p] -> [R, p]
  [[nodiscard]] torch::Tensor repeated(const torch::Tensor& column) const;
  /// Rates or increments in units(): [B, d] -> [R, outputs()], and back.
  [[nodiscard]] torch::Tensor spread(const torch::Tensor& change) const;
  [[nodiscard]] torch::Tensor folded(const torch::Tensor& rows) const;

  /// Means, deviations and range of the columns as these particles have them.
  void measure(const torch::Tensor& x);
  /// Center, scale, low and high end of every column, [4, columns()].
  [[nodiscard]] const torch::Tensor& table() const { return table_; }
  void set_table(const torch::Tensor& table) { table_ = table; }

 private:
  [[nodiscard]] torch::Tensor raw(const torch::Tensor& x) const;

  bool alike_;
  std::int64_t dimension_;
  std::vector<double> periods_, units_;
  std::int64_t columns_;
  torch::Tensor to_body_, body_start_;  ///< [1, d], of bodies: common units
  torch::Tensor table_;
};

}  // namespace scorefield::training
