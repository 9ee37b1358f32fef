#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "data/h5.hpp"
#include "models/normalizer.hpp"
#include "training/fields/sde/options.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

/// A plain network of (x, mu, t), normalised: swish layers beside one linear map. Periodic coordinates enter as sine
/// and cosine, time as 2 t - 1. The last layer and the linear map start at 0.
class SdeNetwork {
 public:
  SdeNetwork(const models::Normalizer& normalizer, const SdeOptions& options, std::int64_t outputs, std::uint64_t seed);

  /// basis . readout'; x: [B, d], mu: [B, p], t: [B, 1] -> [B, outputs]
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  [[nodiscard]] const optim::NamedTensors& parameters() const { return parameters_; }

  /// What enters, [B, inputs].
  [[nodiscard]] torch::Tensor features(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// What the output is linear in, [B, width + inputs + 1]: the last hidden layer, what enters, and 1.
  [[nodiscard]] torch::Tensor basis(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// The map from it to the outputs, [outputs, width + inputs + 1].
  [[nodiscard]] torch::Tensor readout() const;
  void set_readout(const torch::Tensor& map);
  /// Lets the network start as features . weight' + bias; [outputs, inputs], [outputs].
  void start_from(const torch::Tensor& weight, const torch::Tensor& bias);

 private:
  [[nodiscard]] torch::Tensor last_hidden(const torch::Tensor& inputs) const;

  std::vector<double> periods_;  ///< [d], normalised
  bool autonomous_;
  optim::NamedTensors parameters_;
};

/// dX = b(X; mu, t) dt + sigma dW, normalised coordinates and time, Ito.
struct SdeModel {
  SdeOptions options;
  SdeNetwork drift;                 ///< in units of `speed`
  std::optional<SdeNetwork> noise;  ///< log of sigma^2 over `sigma`^2, where it depends on the state
  std::vector<double> speed;        ///< [d]
  std::vector<double> sigma;        ///< [d]
  double step = 0;                  ///< typical step of the data: what one step of a rollout is

  SdeModel(const models::Normalizer& normalizer, const SdeOptions& options, std::uint64_t seed);

  /// b; mu: [B, p], t: [B, 1]
  [[nodiscard]] torch::Tensor drift_at(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// b of one explicit midpoint step of size h: b(x + h/2 b(x, t), t + h/2). h: [B, 1]
  [[nodiscard]] torch::Tensor midpoint_drift(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t,
                                             const torch::Tensor& h) const;
  /// sigma(x; mu, t), [B, d]
  [[nodiscard]] torch::Tensor sigma_at(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  [[nodiscard]] optim::NamedTensors parameters() const;
};

/// X + h b_midpoint + sigma sqrt(h) xi for all particles, xi normals of (seed, step, particle). Blocks of particles are
/// computed alike whatever the number of threads. mu: normalised, [p]
[[nodiscard]] torch::Tensor sde_step(const SdeModel& model, const torch::Tensor& x, const std::vector<double>& mu,
                                     double t, double h, const torch::Tensor& xi);

/// The group /model/sde of a model file. @throws FileError
void write_sde(h5::File& file, const SdeModel& model);
[[nodiscard]] SdeModel read_sde(const h5::File& file, const models::Normalizer& normalizer);

}  // namespace scorefield::training
