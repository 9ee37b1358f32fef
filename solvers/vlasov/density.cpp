#include "solvers/vlasov/density.hpp"

#include <cmath>
#include <cstdint>

#include "solvers/vlasov/characteristics.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::vlasov {
namespace {

/// Nodes around a place in units of cells, with their weights.
struct Foot {
  Stencil stencil;
  std::int64_t first;

  Foot(double position, std::int64_t degree)
      : stencil(shift_stencil(std::floor(position) - position, degree)),
        first(static_cast<std::int64_t>(std::floor(position)) + stencil.first) {}

  /// sum_m weight_m value(node of m), nodes counted modulo n
  template <class Value>
  [[nodiscard]] double sum(std::int64_t n, const Value& value) const {
    double total = 0;
    for (int m = 0; m < stencil.taps; ++m)
      total += stencil.weight[static_cast<std::size_t>(m)] * value(static_cast<std::size_t>(((first + m) % n + n) % n));
    return total;
  }
};

}  // namespace

std::vector<double> density_at(const Simulation& simulation, std::span<const double> x, std::span<const double> v) {
  const auto& options = simulation.options();
  const std::int64_t rows = options.cells, columns = options.velocity_cells;
  const double length = simulation.plasma().box_length, spacing = length / static_cast<double>(rows);
  const double velocity_spacing = 2 * options.v_max / static_cast<double>(columns);
  const auto f = simulation.values();
  std::vector<double> row(static_cast<std::size_t>(columns)), density;
  density.reserve(x.size() * v.size());
  for (const double at : x) {
    const Foot along_x(at / spacing, options.degree);
    for (std::size_t j = 0; j < row.size(); ++j)
      row[j] = along_x.sum(rows, [&](std::size_t i) { return f[i * row.size() + j]; });
    const double gained = -simulation.dt() / 2 * interpolate_periodic(simulation.field(), length, at);
    for (const double to : v) {
      const Foot along_v((to - gained + options.v_max) / velocity_spacing, options.degree);
      density.push_back(along_v.sum(columns, [&](std::size_t j) { return row[j]; }));
    }
  }
  return density;
}

}  // namespace scorefield::vlasov
