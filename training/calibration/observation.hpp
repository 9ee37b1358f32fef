#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "training/calibration/calibrate_options.hpp"
#include "training/calibration/sliced_loss.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {

/// A predicted population at every compared time, with its derivative along mu.
struct Prediction {
  std::vector<torch::Tensor> x;        ///< [F] of [N, d], normalised
  std::vector<torch::Tensor> tangent;  ///< [F] of [N, p d]; empty when not asked for
};

/// F(mu) = mean over frames of SW2^2(model(mu, t), observation(t)).
struct Misfit {
  double value = 0;
  std::vector<double> slope;      ///< [p], its derivatives with respect to the normalised mu
  std::vector<double> curvature;  ///< [p, p], Gauss-Newton
};

/// The observed particles of one run at the compared times.
class Observation {
 public:
  /// `particles` of every frame. @throws FileError when no time of the data lies within the model's
  Observation(const ReducedModel& model, const data::DatasetReader& data, const CalibrateOptions& options,
              std::int64_t particles, std::int64_t seed);

  /// Normalised: the model's start, then the F compared ones.
  [[nodiscard]] const std::vector<double>& times() const { return times_; }
  [[nodiscard]] Misfit compare(const Prediction& prediction) const;
  /// What sampling alone explains of sqrt(F): the distance of two independent populations of N particles, measured
  /// between halves of the observation (of 2 N particles where it has them); 0 where it has too few.
  [[nodiscard]] double sampling_floor() const;
  /// With the observed particles resampled, the same ones at all times when they keep their identity; a function of
  /// `draw`.
  [[nodiscard]] Misfit compare_resampled(const Prediction& prediction, std::int64_t draw) const;

 private:
  [[nodiscard]] Misfit compare(const Prediction& prediction, const std::vector<torch::Tensor>& observed) const;

  std::int64_t particles_;
  std::uint64_t seed_;
  bool same_particles_;
  std::vector<double> times_;
  SlicedLoss loss_;
  std::vector<torch::Tensor> observed_;  ///< [F] of projections [L, N]
  std::vector<torch::Tensor> all_;       ///< [F] of projections [L, up to 2 N]
};

/// Which particles of a dataset are observed.
struct ObservedParticles {
  std::int64_t run, frame, count;
  std::int64_t seed;
};

/// Particles of one frame that stand for all of it (problems::representative_rows), the same ones in every frame where
/// they keep their identity; normalised, where the model's network is: [N, d].
[[nodiscard]] torch::Tensor observed_population(const ReducedModel& model, const data::DatasetReader& data,
                                                const ObservedParticles& observed);

}  // namespace scorefield::training
