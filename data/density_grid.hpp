#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/h5.hpp"

namespace scorefield::data {

/// Nodes along a coordinate: low + i spacing.
struct GridAxis {
  double low = 0, spacing = 1;
  std::int64_t nodes = 1;
};

/// Where a density is stored as a function: a line of nodes per coordinate, the last coordinate fastest.
struct DensityGrid {
  std::vector<GridAxis> axes;  ///< [d]

  /// G
  [[nodiscard]] std::int64_t size() const;
  /// [d] nodes of each axis
  [[nodiscard]] h5::Dims shape() const;
  /// [nodes] of one axis
  [[nodiscard]] std::vector<double> line(std::size_t axis) const;
  /// [G, d] row-major
  [[nodiscard]] std::vector<double> points() const;
};

/// Which nodes are wanted.
struct GridOptions {
  std::vector<double> nodes;      ///< [d]; empty: no density
  std::vector<double> low, high;  ///< of the coordinates without a period, in their order
};

/// Adds PREFIX.density_nodes, .density_low, .density_high.
void bind(OptionSet& set, const std::string& prefix, GridOptions& options);

/// Equal cells between low and high, or over the period from 0 on; nodes at the lower ends of the cells. Absent where
/// none is wanted. `periods`: [d], 0 = not periodic. @throws UsageError where the lists do not fit
[[nodiscard]] std::optional<DensityGrid> make_grid(const GridOptions& options, const std::string& prefix,
                                                   const std::vector<double>& periods);

/// The array /density, [M, K, n_1, .., n_d].
void create_density(h5::File& file, const DensityGrid& grid, std::int64_t mu_count, std::int64_t frames);
/// Its grid; absent where there is no such array. @throws FileError
[[nodiscard]] std::optional<DensityGrid> read_density_grid(const h5::File& file, std::int64_t mu_count,
                                                           std::int64_t frames, std::size_t dimension);
/// values: [G]
void write_density(h5::File& file, const DensityGrid& grid, std::int64_t mu_index, std::int64_t frame,
                   std::span<const float> values);
void read_density(const h5::File& file, const DensityGrid& grid, std::int64_t mu_index, std::int64_t frame,
                  std::span<float> values);

}  // namespace scorefield::data
