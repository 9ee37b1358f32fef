#pragma once

namespace scorefield::training {

/// What a model's grad s is, in normalised coordinates.
enum class ModelKind {
  drift,  ///< what moves the population
  score,  ///< grad log of the population smoothed by noise of deviation `noise`
  ncsm,   ///< the same times the deviation, for every deviation from noise_min to noise_max
  cfm     ///< what moves a standard normal to the population during the flow time
};
[[nodiscard]] const char* to_string(ModelKind kind);

}  // namespace scorefield::training
