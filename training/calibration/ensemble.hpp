#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "training/calibration/calibrate.hpp"

namespace scorefield::training {

/// Estimates of several models, or with several seeds, of one observation. Their spread holds what the bootstrap of one
/// does not see: the error of the models, as far as they err differently, and that of the initial populations.
struct Ensemble {
  struct Member {
    std::string model_path;
    std::int64_t seed = 0;
    Calibration found;
  };
  std::vector<Member> members;
  std::vector<double> mean, spread;  ///< [p], over members: of mu, and its standard deviation
  std::vector<double> deviation;     ///< [p], sqrt(mean square of the members' deviations + spread^2)
  std::vector<double> low, high;     ///< [p], mean -+ 1.96 deviations
};

/// `request` with each of the models and each of its seeds (calibrate.seeds from request.seed on), in this order.
/// @throws what calibrate() throws; UsageError for models of other parameters
[[nodiscard]] Ensemble calibrate_ensemble(const CalibrateRequest& request, const std::vector<std::string>& models);

}  // namespace scorefield::training
