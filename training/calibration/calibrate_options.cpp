#include "training/calibration/calibrate_options.hpp"

#include <string>

#include "core/error.hpp"

namespace scorefield::training {

void bind(OptionSet& set, CalibrateOptions& options) {
  set.add("calibrate.run", options.run,
          "which run (mu index, from 0) of the data is the observation; its mu is not used");
  set.add("calibrate.frames", options.frames, "observed times compared, equally spaced; 0 = all");
  set.add("calibrate.particles", options.particles,
          "particles of the rollout and of every observed time, the first ones: 0, all, where a file is sorted");
  set.add("calibrate.projections", options.projections, "directions of the sliced W2");
  set.add("calibrate.steps", options.steps, "Heun steps of the rollout");
  set.add("calibrate.scan", options.scan, "values of mu over the training range that are tried first");
  set.add("calibrate.iterations", options.iterations, "Gauss-Newton steps at most");
  set.add("calibrate.bootstrap", options.bootstrap, "resampled observations for the uncertainty; 0 = none");
  set.add(
      "calibrate.initial", options.initial,
      {{"auto", CalibrationStart::automatic}, {"model", CalibrationStart::model}, {"data", CalibrationStart::data}},
      "where rollouts start: as those of infer, from what the problem of the training data starts from at mu (auto); "
      "the model's population of the nearest training mu (model); the observation's first time (data)");
}

void validate(const CalibrateOptions& options) {
  const auto at_least = [](std::int64_t least, const char* key, std::int64_t value) {
    if (value < least)
      throw UsageError(std::string("option 'calibrate.") + key + "' must be at least " + std::to_string(least) + ".");
  };
  at_least(0, "frames", options.frames);
  at_least(0, "particles", options.particles);
  at_least(1, "projections", options.projections);
  at_least(1, "steps", options.steps);
  at_least(2, "scan", options.scan);
  at_least(1, "iterations", options.iterations);
  at_least(0, "bootstrap", options.bootstrap);
}

}  // namespace scorefield::training
