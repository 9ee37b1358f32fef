#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "training/calibration/calibrate_options.hpp"

namespace scorefield::training {

struct CalibrateRequest {
  std::string model_path, data_path;
  CalibrateOptions options{};
  std::int64_t seed = 0;
  std::string device = "cpu";
  ProgressObserver observer{};
};

/// What was found, [p] per physics parameter.
struct Calibration {
  std::vector<std::string> names;  ///< of the parameters
  std::vector<double> mu;
  std::vector<double> deviation;                ///< bootstrap standard error; 0 without bootstrap
  std::vector<double> low, high;                ///< bootstrap 2.5 and 97.5 percentiles
  std::vector<std::vector<double>> covariance;  ///< [p][p], of the bootstrap's estimates; 0 without bootstrap
  double distance = 0;           ///< root mean square over frames of the sliced W2 at mu, normalised units
  double floor = 0;              ///< the same of two independent populations: what sampling alone explains
  bool fits = true;              ///< distance is at most kFits floors
  std::vector<double> gradient;  ///< d (distance^2) / d mu at mu
  std::int64_t iterations = 0, rollouts = 0;
  bool converged = false, at_boundary = false;  ///< the boundary is that of the training range, which is never left
  std::vector<std::string> on_boundary;         ///< names of the parameters at it
  std::vector<std::vector<double>> scan_mu;     ///< [S][p]
  std::vector<double> scan_distance;            ///< [S]
  std::vector<std::vector<double>> bootstrap;   ///< estimates of mu, [B][p]
  std::vector<std::string> warnings;            ///< e.g. where rollouts start
};

/// A distance beyond so many floors is no matter of sampling: then the model's error is the larger one.
inline constexpr double kFits = 2;

/// Minimises F(mu) = mean over frames of SW2^2(model(mu, t), observation(t)) over the model's training range: a scan,
/// then Gauss-Newton. Rollouts start where those of `infer` do (rollout/start.hpp), from the scan's best mu on with the
/// same random numbers at every mu. dF/dmu is exact for the discrete rollout: the sensitivity dX/dmu, which begins with
/// that of the start, is carried along (models/tangent_drift.hpp), and F's gradient is its product with the transport
/// displacements. Bootstrap: the observed particles are resampled (the same ones at all frames when they keep their
/// identity), and mu moves by one Gauss-Newton step of the resampled F. The uncertainty is that of the observation's
/// sampling alone: neither the model's error nor that of the initial population is in it, so `floor` and `fits` say
/// whether the model explains the observation at all.
/// @throws UsageError, FileError, DivergenceError, Interrupted
[[nodiscard]] Calibration calibrate(const CalibrateRequest& request);

/// F of calibrate() and dF/dmu [p].
struct CalibrationLoss {
  double value = 0;
  std::vector<double> slope;
};
/// At mu [p], physical, with the random numbers of the population at `numbers_of` [p].
[[nodiscard]] CalibrationLoss calibration_loss(const CalibrateRequest& request, const std::vector<double>& numbers_of,
                                               const std::vector<double>& mu);

}  // namespace scorefield::training
