#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/mu_set.hpp"
#include "training/calibration/calibrate.hpp"
#include "training/calibration/observation.hpp"
#include "training/calibration/smooth_start.hpp"
#include "training/model_file.hpp"
#include "training/rollout/rollout.hpp"
#include "training/rollout/start.hpp"

namespace scorefield::training {

/// F(mu) of one model and one observation. mu [p]: normalised, -1 to 1 over the training range.
class Fit {
 public:
  /// @throws FileError, UsageError where files or options do not fit together
  explicit Fit(const CalibrateRequest& request);

  /// From now on rollouts start with the random numbers of this mu.
  void use_numbers_of(const std::vector<double>& mu) { start_->use_numbers_of(physical(mu)); }

  /// Tangents along a parameter that has one value in training are 0: nothing is known of it.
  [[nodiscard]] Prediction predict(const std::vector<double>& mu, bool with_tangent) const;
  [[nodiscard]] const Observation& observation() const { return *observation_; }

  [[nodiscard]] const std::vector<std::string>& names() const { return model_.header.mu_names; }
  /// The training range, normalised, [p]: -1 and 1; 0 and 0 where there is one value.
  [[nodiscard]] const std::vector<double>& low() const { return low_; }
  [[nodiscard]] const std::vector<double>& high() const { return high_; }

  /// Kept within the training range: rounding may leave it.
  [[nodiscard]] std::vector<double> physical(const std::vector<double>& mu) const;
  /// The same without bounds.
  [[nodiscard]] std::vector<double> unbounded(const std::vector<double>& mu) const;
  [[nodiscard]] std::vector<double> normalised(const std::vector<double>& mu) const;
  /// Half the training range of one parameter, physical.
  [[nodiscard]] double half_range(std::size_t parameter) const { return model_.normalizer.mu_scale[parameter]; }

  /// Rollouts start from the population of a training mu, whatever mu is.
  [[nodiscard]] bool starts_elsewhere() const { return starts_elsewhere_; }

 private:
  void check(const CalibrateRequest& request) const;
  void place_start(const CalibrateRequest& request);

  ReducedModel model_;
  data::MuSet known_;  ///< of training, physical
  std::vector<double> low_, high_;
  data::DatasetReader data_;
  std::int64_t particles_ = 0;  ///< of rollout and observation
  bool starts_elsewhere_ = false;
  std::optional<Rollout> plain_, with_tangent_;
  std::optional<RolloutStart> populations_;
  std::optional<SmoothStart> start_;
  std::optional<Observation> observation_;
};

}  // namespace scorefield::training
