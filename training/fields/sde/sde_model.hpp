#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "data/h5.hpp"
#include "models/normalizer.hpp"
#include "training/fields/sde/drift_library.hpp"
#include "training/fields/sde/options.hpp"
#include "training/fields/sde/sde_rows.hpp"
#include "training/fields/swish_network.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

/// dX = b(X; mu, t) dt + sigma dW, normalised coordinates and time, Ito. b is a combination of a library's functions
/// and a network's correction.
struct SdeModel {
  SdeOptions options;
  SdeRows rows;
  DriftLibrary library;
  torch::Tensor readout;              ///< [outputs, functions of the library], in units of `speed`
  SwishNetwork correction;            ///< in units of `speed`
  bool corrected = true;              ///< whether the correction counts
  std::optional<SwishNetwork> noise;  ///< log of sigma^2 over `sigma`^2, where it depends on the state
  std::vector<double> speed;          ///< [outputs]
  std::vector<double> sigma;          ///< [d]
  double step = 0;                    ///< what one step of a rollout is

  SdeModel(const models::Normalizer& normalizer, const SdeOptions& options, std::uint64_t seed);

  /// Another library, all of whose functions count 0.
  void set_library(const LibraryDegrees& degrees);
  /// b; x: [B, d], mu: [B, p], t: [B, 1]
  [[nodiscard]] torch::Tensor drift_at(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// What the drift brings in one step of size h by the classical Runge-Kutta method. h: [B, 1]
  [[nodiscard]] torch::Tensor drift_step(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t,
                                         const torch::Tensor& h) const;
  /// sigma(x; mu, t), [B, d]
  [[nodiscard]] torch::Tensor sigma_at(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// Of the networks.
  [[nodiscard]] optim::NamedTensors parameters() const;
};

/// X + drift_step + sigma sqrt(h) xi for all particles, xi normals of (seed, step, particle). Blocks of particles are
/// computed alike whatever the number of threads. mu: normalised, [p]
[[nodiscard]] torch::Tensor sde_step(const SdeModel& model, const torch::Tensor& x, const std::vector<double>& mu,
                                     double t, double h, const torch::Tensor& xi);

/// The group /model/sde of a model file. @throws FileError
void write_sde(h5::File& file, const SdeModel& model);
[[nodiscard]] SdeModel read_sde(const h5::File& file, const models::Normalizer& normalizer);

}  // namespace scorefield::training
