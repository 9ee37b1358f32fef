#pragma once

namespace scorefield::training {

/// Which observables of the training runs hold a rollout.
enum class GuideKind {
  none,
  moments,  ///< mean and covariance of the coordinates without a period
  modes     ///< density modes of those with one
};

[[nodiscard]] constexpr const char* to_string(GuideKind kind) {
  return kind == GuideKind::moments ? "moments" : kind == GuideKind::modes ? "modes" : "none";
}

}  // namespace scorefield::training
