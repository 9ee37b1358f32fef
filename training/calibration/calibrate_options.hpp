#pragma once

#include <cstdint>
#include <string>

#include "core/options.hpp"

namespace scorefield::training {

/// The population that rollouts of a calibration start from.
enum class CalibrationStart {
  automatic,  ///< where `infer` starts (rollout/start.hpp): what the problem of the training data starts from at mu, or
              ///< the model's population of the nearest training mu where that problem is not known
  model,      ///< the model's population of the nearest training mu
  data        ///< the observation's first time
};

/// How the mu that explains observed samples is sought.
struct CalibrateOptions {
  std::int64_t run = 0;           ///< which mu index of the data file holds the observation
  std::int64_t frames = 8;        ///< observed times compared, equally spaced; 0: all
  std::int64_t particles = 2000;  ///< of the rollout and of every observed frame at most; 0: all
  std::int64_t projections = 32;  ///< directions of the sliced W2
  std::int64_t steps = 64;        ///< Heun steps of the rollout
  std::int64_t scan = 9;          ///< values of mu over the training range tried first, times p
  std::int64_t iterations = 12;   ///< Gauss-Newton steps at most
  std::int64_t bootstrap = 200;   ///< resampled observations; 0: no uncertainty
  CalibrationStart initial = CalibrationStart::automatic;
  std::string initial_file{};  ///< dataset whose first frame is the start, before all else; empty: `initial` decides
  std::int64_t seeds = 1;      ///< seeds that an ensemble of estimates is made with
};

/// Adds the keys calibrate.*.
void bind(OptionSet& set, CalibrateOptions& options);

}  // namespace scorefield::training
