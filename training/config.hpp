#pragma once

#include <cstdint>

#include "core/options.hpp"
#include "models/options.hpp"
#include "training/optim/options.hpp"
#include "training/quadrature.hpp"

namespace scorefield::training {

enum class LossKind { velocity, action_matching, dice, dsm, ncsm, cfm };
enum class VelocityKind { automatic, stored, differences };
enum class LaplacianKind { exact, hutchinson, stein };
enum class SamplingKind { stratified, random };
enum class EngineKind { automatic, fused, autograd };

/// Which functional is minimised (shared equations: training/README.md).
struct LossOptions {
  LossKind kind = LossKind::velocity;
  VelocityKind velocities =
      VelocityKind::automatic;  ///< velocity form: from the file, or central differences of trajectories
  double sigma = 0;  ///< diffusion in dX = b dt + sigma dW, normalised units; 0: kinetic energy E, > 0: entropic E_eps
  LaplacianKind laplacian = LaplacianKind::hutchinson;
  std::int64_t probes = 1;                 ///< Hutchinson probes per point
  std::int64_t gauge = 1;                  ///< points that fix the gauge of action matching; 0: it stays free
  std::int64_t stride = 1;                 ///< dice: intervals between the two frames of a pair
  double noise = 0.1;                      ///< dsm: deviation of the noise, normalised units
  double noise_min = 0.02, noise_max = 5;  ///< ncsm: range of the deviation, normalised units
};

/// Losses that learn the distribution at every (mu, t) rather than what moves it.
[[nodiscard]] constexpr bool learns_distribution(LossKind kind) {
  return kind == LossKind::dsm || kind == LossKind::ncsm || kind == LossKind::cfm;
}
/// Those among them whose network also sees a noise level or flow time, as one more parameter after mu.
[[nodiscard]] constexpr bool is_conditional(LossKind kind) { return kind == LossKind::ncsm || kind == LossKind::cfm; }
/// Whether the entropic term sigma^2/2 lap s is taken from the jitter that moved the samples: for x = y + delta xi,
/// E[lap s(x)] = E[xi.grad s(x)] / delta exactly (Stein's identity), so it costs no second derivative.
[[nodiscard]] constexpr bool laplacian_from_jitter(const LossOptions& loss) {
  return loss.sigma > 0 && loss.laplacian == LaplacianKind::stein && !learns_distribution(loss.kind);
}

/// "velocity", ... as in loss.name.
[[nodiscard]] const char* to_string(LossKind kind);

/// How many groups (mu, t) and particles one step sees, and how they are drawn.
struct BatchOptions {
  std::int64_t mu = 8;           ///< values of mu per step
  std::int64_t nodes = 8;        ///< times per mu (velocity form; quadrature.nodes otherwise)
  std::int64_t particles = 256;  ///< particles per (mu, time)
  SamplingKind sampling = SamplingKind::stratified;
  double jitter = 0;       ///< deviation of Gaussian noise added to the samples, normalised units
  double keep_times = 1;   ///< share of the stored times that is used, another random subset for every mu; ends stay
  double jitter_end = -1;  ///< the same at the last step, linear in between; negative: constant
};

/// Whether every sample of every step is jittered.
[[nodiscard]] constexpr bool jittered_throughout(const BatchOptions& batch) {
  return batch.jitter > 0 && batch.jitter_end != 0;
}

struct TrainingOptions {
  std::int64_t steps = 10000;
  std::int64_t checkpoint_every = 1000;  ///< steps
  std::int64_t log_every = 100;          ///< steps between rows of the history and validations
  double validation_fraction = 0.05;     ///< share of the particles never trained on
  std::int64_t memory_limit = 8192;      ///< MiB of samples held in memory; larger datasets stream
  EngineKind engine = EngineKind::automatic;
  bool cuda_graph = true;  ///< on a CUDA device: record the step once and replay it
  bool tf32 = false;       ///< on a CUDA device: matrix products in TF32
};

struct TrainConfig {
  models::ModelOptions model;
  LossOptions loss;
  QuadratureOptions quadrature;
  BatchOptions batch;
  optim::OptimizerOptions optimizer;
  TrainingOptions training;
};

/// Adds every key that a training understands.
void bind(OptionSet& set, TrainConfig& config);

/// @throws UsageError naming the key and what it accepts.
void validate(const TrainConfig& config);

}  // namespace scorefield::training
