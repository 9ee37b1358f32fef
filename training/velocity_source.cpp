#include "training/velocity_source.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

bool diffuses(const data::DatasetHeader& header) {
  return std::any_of(header.diffusion.begin(), header.diffusion.end(), [](double rate) { return rate > 0; });
}

}  // namespace

VelocityKind choose_velocities(const data::DatasetReader& reader, const TrainConfig& config) {
  const auto& header = reader.header();
  const VelocityKind wanted = config.loss.velocities;
  if (wanted == VelocityKind::differences) return wanted;
  const bool complete = header.has_velocities && (!diffuses(header) || jittered_throughout(config.batch));
  if (complete) return VelocityKind::stored;
  if (wanted == VelocityKind::automatic && header.identity == data::Identity::trajectories && header.frames() >= 3)
    return VelocityKind::differences;
  if (header.has_velocities)
    throw UsageError(
        reader.path() +
        ": its particles also diffuse, which '/velocities' leaves out. Set 'batch.jitter' (and "
        "'batch.jitter_end') above 0, from which that part is taken, or train with --set loss.velocities=differences.");
  throw FileError(reader.path(),
                  "has no '/velocities', which loss.name = velocity needs. Generate it with "
                  "velocities, or train with --set loss.name=action-matching; where particles are "
                  "trajectories, --set loss.velocities=differences takes them from neighbouring frames.");
}

std::string describe(VelocityKind velocities, const data::DatasetHeader& header) {
  if (velocities == VelocityKind::differences) return "velocities by differences";
  return diffuses(header) ? "stored velocities, diffusion by the jitter" : "stored velocities";
}

std::vector<double> jitter_slope(const data::DatasetHeader& header, const models::Normalizer& normalizer,
                                 const TrainConfig& config, bool stored) {
  const bool entropic = laplacian_from_jitter(config.loss);
  if (!entropic && !(stored && diffuses(header))) return {};
  std::vector<double> slope(static_cast<std::size_t>(header.dimension()),
                            entropic ? -0.5 * config.loss.sigma * config.loss.sigma : 0);
  for (std::size_t c = 0; stored && c < header.diffusion.size(); ++c)
    slope[c] += header.diffusion[c] * normalizer.time_span / (normalizer.scale[c] * normalizer.scale[c]);
  return slope;
}

}  // namespace scorefield::training
