#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Random Fourier features phi_k(x) = cos(w_k.x + c_k) of normalised coordinates.
struct WeakFeatures {
  std::int64_t count = 0, dimension = 0;
  std::vector<double> waves;    ///< [K, d]
  std::vector<double> phases;   ///< [K]
  std::vector<double> weights;  ///< [K], 1/|w_k|^2: what each of their equations counts
};

/// A function of (seed, count) and the coordinates alone: wave lengths from a good part of the population's deviation
/// to several of them, whole harmonics of periodic coordinates.
[[nodiscard]] WeakFeatures make_weak_features(const models::Normalizer& normalizer, std::int64_t count,
                                              std::uint64_t seed);

/// d/dt E[phi_k] at every frame of every mu, [M][frames * K], normalised time: the slope of the parabola nearest to the
/// means at five neighbouring times, of all particles by their weights. @throws FileError for fewer than three times
[[nodiscard]] std::vector<std::vector<float>> feature_rates(const data::DatasetReader& reader,
                                                            const models::Normalizer& normalizer,
                                                            const WeakFeatures& features);

}  // namespace scorefield::training
