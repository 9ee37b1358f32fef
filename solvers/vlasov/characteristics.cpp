#include "solvers/vlasov/characteristics.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::vlasov {
namespace {

constexpr int kDegree = 5;
constexpr std::int64_t kBlock = 2048;

}  // namespace

double interpolate_periodic(std::span<const double> values, double box_length, double x) {
  const auto n = static_cast<std::int64_t>(values.size());
  const double position = x / box_length * static_cast<double>(n);
  const double cell = std::floor(position);
  const Stencil stencil = shift_stencil(cell - position, kDegree);  // the value at position - cell in units of cells
  double sum = 0;
  for (int m = 0; m < stencil.taps; ++m) {
    const std::int64_t node = static_cast<std::int64_t>(cell) + stencil.first + m;
    sum += stencil.weight[static_cast<std::size_t>(m)] * values[static_cast<std::size_t>(((node % n) + n) % n)];
  }
  return sum;
}

void advance_particles(pic::Particles& particles, std::span<const double> field, double box_length, double dt) {
  const auto count = static_cast<std::int64_t>(particles.position.size());
  parallel_for((count + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const std::int64_t end = std::min(count, (block + 1) * kBlock);
    for (auto i = static_cast<std::size_t>(block * kBlock); i < static_cast<std::size_t>(end); ++i) {
      double& x = particles.position[i];
      double& v = particles.velocity[i];
      v -= dt * interpolate_periodic(field, box_length, x);
      x += dt * v;
      x -= box_length * std::floor(x / box_length);
      if (x >= box_length) x = 0;
    }
  });
}

}  // namespace scorefield::vlasov
