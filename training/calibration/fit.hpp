#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "training/calibration/calibrate.hpp"
#include "training/calibration/observation.hpp"
#include "training/calibration/smooth_start.hpp"
#include "training/model_file.hpp"
#include "training/rollout/rollout.hpp"
#include "training/rollout/start.hpp"

namespace scorefield::training {

/// F(mu) of one model and one observation. mu: normalised, of one physics parameter.
class Fit {
 public:
  /// @throws FileError, UsageError where files or options do not fit together
  explicit Fit(const CalibrateRequest& request);

  /// From now on rollouts start with the random numbers of this mu.
  void use_numbers_of(double mu) { start_->use_numbers_of(physical(mu)); }

  [[nodiscard]] Prediction predict(double mu, bool with_tangent) const;
  [[nodiscard]] const Observation& observation() const { return *observation_; }

  /// [1], kept within the training range: rounding may leave it.
  [[nodiscard]] std::vector<double> physical(double mu) const;
  /// The same without bounds.
  [[nodiscard]] double unbounded(double mu) const;
  [[nodiscard]] double normalised(const std::vector<double>& mu) const;
  /// Half the training range, physical.
  [[nodiscard]] double half_range() const { return model_.network->normalizer().mu_scale[0]; }

  /// Rollouts start from the population of a training mu, whatever mu is.
  [[nodiscard]] bool starts_elsewhere() const { return starts_elsewhere_; }

 private:
  void check(const CalibrateRequest& request) const;
  void place_start(const CalibrateRequest& request);

  ReducedModel model_;
  data::DatasetReader data_;
  std::int64_t particles_ = 0;  ///< of rollout and observation
  bool starts_elsewhere_ = false;
  std::optional<Rollout> plain_, with_tangent_;
  std::optional<RolloutStart> populations_;
  std::optional<SmoothStart> start_;
  std::optional<Observation> observation_;
};

}  // namespace scorefield::training
