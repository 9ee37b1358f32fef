#include "solvers/pic3d/loading.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/pic/deposit.hpp"
#include "solvers/pic/low_discrepancy.hpp"

namespace scorefield::pic3d {
namespace {

/// Six independent uniforms of particle i.
std::array<double, 6> independent(const Philox& random, std::uint64_t i) {
  std::array<double, 6> point{};
  for (std::size_t pair = 0; pair < 3; ++pair) {
    const auto [a, b] = random.uniforms(3 * i + pair);
    point[2 * pair] = a;
    point[2 * pair + 1] = b;
  }
  return point;
}

}  // namespace

void Particles::resize(std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    position[axis].resize(size);
    velocity[axis].resize(size);
  }
  id.resize(size);
}

Particles load(const Population& population, const Pic3dOptions& options, const Philox& random) {
  if (!(population.amplitude > -1 && population.amplitude < 1) || population.axes < 1 || population.axes > 3)
    throw UsageError("a density wave of amplitude " + std::to_string(population.amplitude) + " along " +
                     std::to_string(population.axes) + " axes: expected an amplitude in (-1, 1) and 1 to 3 axes.");
  const pic::VelocityDistribution maxwellian({{1, 0, 1}});
  const pic::ScrambledSobol<6> sobol(random);
  Particles particles;
  particles.resize(options.simulated_particles);
  constexpr std::int64_t kBlock = 4096;
  parallel_for((particles.size() + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const std::int64_t end = std::min(particles.size(), (block + 1) * kBlock);
    for (std::int64_t n = block * kBlock; n < end; ++n) {
      const auto i = static_cast<std::size_t>(n);
      const auto point = options.start == pic::Start::quiet ? sobol.point(static_cast<std::uint32_t>(n))
                                                            : independent(random, static_cast<std::uint64_t>(n));
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const pic::DensityPerturbation wave{
            static_cast<std::int64_t>(axis) < population.axes ? population.amplitude : 0, 1};
        particles.position[axis][i] = pic::to_position(pic::position_quantile(wave, 1, point[axis]), 1);
        particles.velocity[axis][i] = static_cast<float>(maxwellian.quantile(point[axis + 3]));
      }
      particles.id[i] = static_cast<std::uint32_t>(n);
    }
  });
  return particles;
}

}  // namespace scorefield::pic3d
