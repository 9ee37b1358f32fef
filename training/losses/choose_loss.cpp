#include "training/losses/choose_loss.hpp"

#include <algorithm>
#include <cstdint>

#include "training/losses/velocity_source.hpp"

namespace scorefield::training {
namespace {

/// Up to so many times of a run, neighbouring frames may hardly overlap.
constexpr std::int64_t kFewFrames = 40;

}  // namespace

LossChoice choose_loss(const data::DatasetReader& reader, const TrainConfig& config) {
  const auto& header = reader.header();
  const bool ignored = config.batch.identity == IdentityUse::ignore;
  if (!ignored && stored_velocities_say_all(header, config.batch)) return {"velocity", "the data have velocities"};
  if (can_take_differences(header))
    return {"velocity", header.has_velocities
                            ? "particles are followed, and their stored velocities leave out that they diffuse"
                            : "particles are followed, so that differences between frames are velocities"};
  std::int64_t frames = 0;
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    frames = std::max(frames, static_cast<std::int64_t>(header.times(m).size()));
  const std::string snapshots = ignored ? "the frames are taken for snapshots (batch.identity = ignore)"
                                        : "the frames are snapshots, particles are not followed and have no velocities";
  if (frames <= kFewFrames) return {"transport", snapshots + ", and few of them are far apart"};
  return {"dice", snapshots + ", and many of them lie close together"};
}

std::string resolve_loss(TrainConfig& config, const data::DatasetReader& reader) {
  if (config.loss.name != kAutomaticLoss) return "";
  const auto choice = choose_loss(reader, config);
  config.loss.name = choice.name;
  return choice.reason;
}

std::string resolve_regression(TrainConfig& config, const data::DatasetReader& reader) {
  if (config.loss.name != kAutomaticLoss) return "";
  auto choice = choose_loss(reader, config);
  if (!config.loss.list.find(choice.name).is_regression())
    choice = {"transport", "the frames are snapshots, and their pairings have velocities without a potential"};
  config.loss.name = choice.name;
  return choice.reason;
}

}  // namespace scorefield::training
