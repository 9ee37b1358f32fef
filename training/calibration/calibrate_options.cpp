#include "training/calibration/calibrate_options.hpp"

namespace scorefield::training {

void bind(OptionSet& set, CalibrateOptions& options) {
  set.add("calibrate.run", options.run, at_least(0),
          "which run (mu index, from 0) of the data is the observation; its mu is not used");
  set.add("calibrate.frames", options.frames, at_least(0), "observed times compared, equally spaced; 0 = all");
  set.add("calibrate.particles", options.particles, at_least(0),
          "particles of the rollout and of every observed time, some that stand for all; 0: all");
  set.add("calibrate.projections", options.projections, at_least(1), "directions of the sliced W2");
  set.add("calibrate.steps", options.steps, at_least(1), "Heun steps of the rollout");
  set.add("calibrate.scan", options.scan, at_least(2),
          "values of mu over the training range that are tried first; p times as many for p parameters");
  set.add("calibrate.iterations", options.iterations, at_least(1), "Gauss-Newton steps at most");
  set.add("calibrate.bootstrap", options.bootstrap, at_least(0),
          "resampled observations for the uncertainty; 0 = none");
  set.add(
      "calibrate.initial", options.initial,
      {{"auto", CalibrationStart::automatic}, {"model", CalibrationStart::model}, {"data", CalibrationStart::data}},
      "where rollouts start: as those of infer, from what the problem of the training data starts from at mu (auto); "
      "the model's population of the nearest training mu (model); the observation's first time (data)");
  set.add("calibrate.initial_file", options.initial_file,
          "dataset whose first frame is the initial population, before calibrate.initial");
  set.add("calibrate.seeds", options.seeds, at_least(1),
          "seeds to estimate with, from the command's on; with several, or several models, their spread is reported");
}

}  // namespace scorefield::training
