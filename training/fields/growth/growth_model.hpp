#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "data/h5.hpp"
#include "models/normalizer.hpp"
#include "training/fields/growth/growth_network.hpp"
#include "training/fields/growth/options.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

/// dX = b dt + sigma dW, d log w = g dt: particles move and weigh more or less, normalised coordinates and time. The
/// density obeys d_t rho = -div(rho b) + sigma^2/2 lap rho + g rho.
struct GrowthModel {
  GrowthOptions options;
  bool grows = true;    ///< whether mass was seen to change; else g = 0
  GrowthNetwork drift;  ///< [B, d]
  GrowthNetwork rate;   ///< [B, 1]

  GrowthModel(const models::Normalizer& normalizer, const GrowthOptions& options, std::uint64_t seed);
  [[nodiscard]] optim::NamedTensors parameters() const;
};

/// Particles with their log-weights.
struct GrowingParticles {
  torch::Tensor x;           ///< [N, d]
  torch::Tensor log_weight;  ///< [N, 1]
  torch::Tensor action;      ///< [N, 1], int w (|b|^2 + lambda g^2)/2 dt
};

/// One Heun step of size h with noise sigma sqrt(h) xi. mu: [N, p]; part of a graph where the model's weights are.
[[nodiscard]] GrowingParticles growth_step(const GrowthModel& model, const GrowingParticles& at,
                                           const torch::Tensor& mu, double t, double h, const torch::Tensor& xi);

/// The group /model/growth of a model file. @throws FileError
void write_growth(h5::File& file, const GrowthModel& model);
[[nodiscard]] GrowthModel read_growth(const h5::File& file, const models::Normalizer& normalizer);

}  // namespace scorefield::training
