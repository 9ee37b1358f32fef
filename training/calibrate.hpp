#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/progress.hpp"

namespace scorefield::training {

enum class CalibrationStart { model, data };

/// How the mu that explains observed samples is sought.
struct CalibrateOptions {
  std::int64_t run = 0;           ///< which mu index of the data file holds the observation
  std::int64_t frames = 8;        ///< observed times compared, equally spaced; 0: all
  std::int64_t particles = 2000;  ///< of the rollout and of every observed frame at most, the first ones; 0: all
  std::int64_t projections = 32;  ///< directions of the sliced W2
  std::int64_t steps = 64;        ///< Heun steps of the rollout
  std::int64_t scan = 9;          ///< values of mu over the training range tried first
  std::int64_t iterations = 12;   ///< Gauss-Newton steps at most
  std::int64_t bootstrap = 200;   ///< resampled observations; 0: no uncertainty
  CalibrationStart initial = CalibrationStart::model;  ///< population that the rollout starts from
};

/// Adds the keys calibrate.*.
void bind(OptionSet& set, CalibrateOptions& options);

struct Calibration {
  double mu = 0;
  double deviation = 0;      ///< bootstrap standard error; 0 without bootstrap
  double low = 0, high = 0;  ///< bootstrap 2.5 and 97.5 percentiles
  double distance = 0;       ///< root mean square over frames of the sliced W2 at mu, normalised units
  double gradient = 0;       ///< d (distance^2) / d mu at mu
  std::int64_t iterations = 0, rollouts = 0;
  bool converged = false, at_boundary = false;  ///< the boundary is that of the training range, which is never left
  std::vector<double> scan_mu, scan_distance;
  std::vector<double> bootstrap;  ///< estimates of mu, [B]
};

/// F of the next function and dF/dmu, at one mu (physical).
struct CalibrationLoss {
  double value = 0, slope = 0;
};
[[nodiscard]] CalibrationLoss calibration_loss(const std::string& model_path, const std::string& data_path,
                                               const CalibrateOptions& options, std::int64_t seed, double mu);

/// Minimises F(mu) = mean over frames of SW2^2(model(mu, t), observation(t)) over the model's training range: a scan,
/// then Gauss-Newton. dF/dmu is exact for the discrete rollout: the sensitivity dX/dmu is carried along by the tangent
/// of every Heun step (LibTorch autograd), and F's gradient is its product with the transport displacements. Bootstrap:
/// the observed particles are resampled (the same ones at all frames when they keep their identity), and mu moves by
/// one Gauss-Newton step of the resampled F. The uncertainty is that of the observation's sampling alone: neither the
/// model's error nor that of the initial population is in it.
/// @throws UsageError, FileError, Interrupted
[[nodiscard]] Calibration calibrate(const std::string& model_path, const std::string& data_path,
                                    const CalibrateOptions& options, std::int64_t seed,
                                    const ProgressObserver& observer = {});

}  // namespace scorefield::training
