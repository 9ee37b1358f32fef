#include "training/losses/velocity_source.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace scorefield::training {

bool diffuses(const data::DatasetHeader& header) {
  return std::any_of(header.diffusion.begin(), header.diffusion.end(), [](double rate) { return rate > 0; });
}

bool stored_velocities_say_all(const data::DatasetHeader& header, const BatchOptions& batch) {
  return header.has_velocities && (!diffuses(header) || jittered_throughout(batch));
}

bool can_take_differences(const data::DatasetHeader& header) { return header.follows() && header.least_frames() >= 3; }

VelocityKind choose_velocities(const data::DatasetReader& reader, VelocityKind wanted, const BatchOptions& batch) {
  const auto& header = reader.header();
  if (wanted == VelocityKind::differences) return wanted;
  if (stored_velocities_say_all(header, batch)) return VelocityKind::stored;
  if (wanted == VelocityKind::automatic && can_take_differences(header)) return VelocityKind::differences;
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

}  // namespace scorefield::training
