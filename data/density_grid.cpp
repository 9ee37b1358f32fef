#include "data/density_grid.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/finite.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kDensity = "/density";
constexpr double kMostNodes = 1 << 28;

struct Block {
  h5::Dims offset, count;
};

Block block_of(const DensityGrid& grid, std::int64_t mu_index, std::int64_t frame) {
  Block block{{mu_index, frame}, {1, 1}};
  for (const auto& axis : grid.axes) {
    block.offset.push_back(0);
    block.count.push_back(axis.nodes);
  }
  return block;
}

std::string frame_text(std::int64_t mu_index, std::int64_t frame) {
  return "the density at mu " + std::to_string(mu_index) + ", time " + std::to_string(frame);
}

}  // namespace

std::int64_t DensityGrid::size() const {
  std::int64_t size = 1;
  for (const auto& axis : axes) size *= axis.nodes;
  return size;
}

h5::Dims DensityGrid::shape() const {
  h5::Dims shape;
  for (const auto& axis : axes) shape.push_back(axis.nodes);
  return shape;
}

std::vector<double> DensityGrid::line(std::size_t axis) const {
  const auto& [low, spacing, nodes] = axes.at(axis);
  std::vector<double> line;
  for (std::int64_t i = 0; i < nodes; ++i) line.push_back(low + static_cast<double>(i) * spacing);
  return line;
}

std::vector<double> DensityGrid::points() const {
  const auto count = static_cast<std::size_t>(size()), d = axes.size();
  std::vector<double> points(count * d);
  std::size_t stride = 1;
  for (std::size_t c = d; c-- > 0;) {
    const auto nodes = line(c);
    for (std::size_t g = 0; g < count; ++g) points[g * d + c] = nodes[g / stride % nodes.size()];
    stride *= nodes.size();
  }
  return points;
}

void bind(OptionSet& set, const std::string& prefix, GridOptions& options) {
  set.add(prefix + ".density_nodes", options.nodes, in(1, kMostNodes),
          "also write the density on a grid, /density: nodes along every coordinate, [128, 128]; empty: no density");
  set.add(prefix + ".density_low", options.low, any_number(),
          "where that grid begins along the coordinates without a period, in their order");
  set.add(prefix + ".density_high", options.high, any_number(),
          "where it ends along those; the last node is a cell before, as with a period");
}

std::optional<DensityGrid> make_grid(const GridOptions& options, const std::string& prefix,
                                     const std::vector<double>& periods) {
  if (options.nodes.empty()) return std::nullopt;
  const auto wrong = [&](const std::string& what) { throw UsageError("option '" + prefix + what); };
  if (options.nodes.size() != periods.size())
    wrong(".density_nodes' has " + std::to_string(options.nodes.size()) + " numbers, expected one for each of the " +
          std::to_string(periods.size()) + " coordinates.");
  const auto open = static_cast<std::size_t>(std::count(periods.begin(), periods.end(), 0.0));
  for (const auto* ends : {&options.low, &options.high})
    if (ends->size() != open)
      wrong(std::string(ends == &options.low ? ".density_low" : ".density_high") + "' has " +
            std::to_string(ends->size()) + " numbers, expected one for each of the " + std::to_string(open) +
            " coordinates without a period.");
  DensityGrid grid;
  std::size_t next = 0;
  double total = 1;
  for (std::size_t c = 0; c < periods.size(); ++c) {
    const double nodes = options.nodes[c], low = periods[c] > 0 ? 0 : options.low[next];
    const double length = periods[c] > 0 ? periods[c] : options.high[next++] - low;
    if (nodes != std::floor(nodes)) wrong(".density_nodes' has a number that is not whole.");
    if (!(length > 0)) wrong(".density_high' is not above density_low.");
    total *= nodes;
    grid.axes.push_back({low, length / nodes, static_cast<std::int64_t>(nodes)});
  }
  if (total > kMostNodes) wrong(".density_nodes' asks for more than 2^28 nodes.");
  return grid;
}

void create_density(h5::File& file, const DensityGrid& grid, std::int64_t mu_count, std::int64_t frames) {
  h5::Dims shape{mu_count, frames}, chunk{1, 1};
  std::vector<double> low, spacing;
  for (const auto& axis : grid.axes) {
    shape.push_back(axis.nodes);
    chunk.push_back(axis.nodes);
    low.push_back(axis.low);
    spacing.push_back(axis.spacing);
  }
  file.create_dataset<float>(kDensity, shape, chunk);
  file.set_attribute(kDensity, "low", low);
  file.set_attribute(kDensity, "spacing", spacing);
  file.set_attribute(kDensity, "description",
                     std::string("probability density per unit volume of the coordinates at nodes low + i spacing, "
                                 "[mu, time, a node of every coordinate]"));
}

std::optional<DensityGrid> read_density_grid(const h5::File& file, std::int64_t mu_count, std::int64_t frames,
                                             std::size_t dimension) {
  if (!file.exists(kDensity)) return std::nullopt;
  const auto dims = file.dims(kDensity);
  const auto low = file.numbers_attribute(kDensity, "low"), spacing = file.numbers_attribute(kDensity, "spacing");
  if (dims.size() != dimension + 2 || dims[0] != mu_count || dims[1] != frames || low.size() != dimension ||
      spacing.size() != dimension)
    throw FileError(file.path(), "dataset '/density' has shape " + h5::to_text(dims) + " with " +
                                     std::to_string(low.size()) + " axes, expected [M, K] and an axis for each of " +
                                     std::to_string(dimension) + " coordinates. Generate the file again.");
  DensityGrid grid;
  for (std::size_t c = 0; c < dimension; ++c) {
    if (!std::isfinite(low[c]) || !(spacing[c] > 0) || !std::isfinite(spacing[c]) || dims[c + 2] < 1)
      throw FileError(file.path(), "dataset '/density' has a bad grid. Generate the file again.");
    grid.axes.push_back({low[c], spacing[c], dims[c + 2]});
  }
  return grid;
}

void write_density(h5::File& file, const DensityGrid& grid, std::int64_t mu_index, std::int64_t frame,
                   std::span<const float> values) {
  if (static_cast<std::int64_t>(values.size()) != grid.size() || first_not_finite(values))
    throw FileError(file.path(), "cannot be written: " + frame_text(mu_index, frame) + " is not " +
                                     std::to_string(grid.size()) + " finite values.");
  const auto [offset, count] = block_of(grid, mu_index, frame);
  file.write_block<float>(kDensity, offset, count, values);
}

void read_density(const h5::File& file, const DensityGrid& grid, std::int64_t mu_index, std::int64_t frame,
                  std::span<float> values) {
  const auto [offset, count] = block_of(grid, mu_index, frame);
  file.read_block<float>(kDensity, offset, count, values);
  if (first_not_finite(std::span<const float>(values)))
    throw FileError(file.path(), frame_text(mu_index, frame) + " is not finite. Generate the file again.");
}

}  // namespace scorefield::data
