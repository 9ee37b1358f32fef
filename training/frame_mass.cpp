#include "training/frame_mass.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

/// Whether the numbers of particles of some run differ between its frames.
bool counts_differ(const data::DatasetHeader& header) {
  return std::any_of(header.runs.begin(), header.runs.end(), [](const auto& run) {
    return std::any_of(run.particles.begin(), run.particles.end(), [&](auto n) { return n != run.particles.front(); });
  });
}

}  // namespace

MassKind choose_mass(const data::DatasetHeader& header, MassKind wanted) {
  if (wanted == MassKind::weights && !header.has_weights)
    throw UsageError("the mass of frames is to be that of their weights, but the data have no '/weights'.");
  if (wanted != MassKind::automatic) return wanted;
  if (header.has_weights) return MassKind::weights;
  return counts_differ(header) ? MassKind::counts : MassKind::conserved;
}

std::vector<std::vector<double>> frame_masses(const data::DatasetReader& reader, MassKind kind) {
  std::vector<std::vector<double>> masses;
  const auto& header = reader.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    auto& run = masses.emplace_back();
    for (std::int64_t k = 0; k < std::ssize(header.times(m)); ++k) {
      const auto count = header.particles_at(m, k);
      double mass = kind == MassKind::conserved ? 1 : static_cast<double>(count);
      if (kind == MassKind::weights) {
        std::vector<double> weights(static_cast<std::size_t>(count));
        reader.read_weights(m, k, weights);
        mass = std::accumulate(weights.begin(), weights.end(), 0.0);
      }
      run.push_back(mass);
    }
    for (std::size_t k = run.size(); k-- > 0;) run[k] /= run[0];
  }
  return masses;
}

}  // namespace scorefield::training
