#include "training/config.hpp"

#include <string>

#include "core/error.hpp"

namespace scorefield::training {

const char* to_string(LossKind kind) {
  switch (kind) {
    case LossKind::velocity:
      return "velocity";
    case LossKind::action_matching:
      return "action-matching";
    case LossKind::dice:
      return "dice";
    case LossKind::dsm:
      return "dsm";
    case LossKind::ncsm:
      return "ncsm";
    case LossKind::cfm:
      return "cfm";
  }
  return "";
}

void bind(OptionSet& set, TrainConfig& config) {
  models::bind(set, config.model);
  set.add(
      "loss.name", config.loss.kind,
      {{"velocity", LossKind::velocity},
       {"action-matching", LossKind::action_matching},
       {"dice", LossKind::dice},
       {"dsm", LossKind::dsm},
       {"ncsm", LossKind::ncsm},
       {"cfm", LossKind::cfm}},
      "velocity: data with known velocities; action-matching: snapshots, by quadrature in time; dice: snapshots, by "
      "differences between frames; dsm: score network of the marginals; ncsm, cfm: conditional baselines");
  set.add(
      "loss.velocities", config.loss.velocities,
      {{"auto", VelocityKind::automatic}, {"stored", VelocityKind::stored}, {"differences", VelocityKind::differences}},
      "velocity: where the particles' velocities come from; differences: central ones between frames of trajectories, "
      "also of "
      "stochastic systems; auto: the stored ones where they say all, else differences");
  set.add("loss.sigma", config.loss.sigma,
          "diffusion of the entropic energy E_eps, normalised units; 0: kinetic energy");
  set.add("loss.laplacian", config.loss.laplacian,
          {{"exact", LaplacianKind::exact}, {"hutchinson", LaplacianKind::hutchinson}, {"stein", LaplacianKind::stein}},
          "how the Laplacian of the entropic energy is computed; stein: from the samples' jitter, without second "
          "derivatives");
  set.add("loss.probes", config.loss.probes, "Hutchinson probes per point");
  set.add("loss.gauge", config.loss.gauge,
          "points whose mean potential is taken from s in action matching, so that no c(t) hides between the nodes; 0: "
          "none");
  set.add("loss.stride", config.loss.stride, "dice: intervals between the two frames of a pair");
  set.add("loss.noise", config.loss.noise, "dsm: deviation of the noise, normalised units");
  set.add("loss.noise_min", config.loss.noise_min, "ncsm: least deviation of the noise, normalised units");
  set.add("loss.noise_max", config.loss.noise_max, "ncsm: largest deviation of the noise, normalised units");
  bind(set, config.quadrature);
  set.add("batch.mu", config.batch.mu, "values of mu per step");
  set.add("batch.nodes", config.batch.nodes,
          "times (dice: pairs of times) per mu and step; action-matching has quadrature.nodes");
  set.add("batch.particles", config.batch.particles, "particles per (mu, time)");
  set.add("batch.sampling", config.batch.sampling,
          {{"stratified", SamplingKind::stratified}, {"random", SamplingKind::random}},
          "stratified: one particle from each of equally full cells of state space; random: independent draws");
  set.add("batch.keep_times", config.batch.keep_times,
          "share of the stored times that is trained on, another random subset for every mu; both ends stay");
  set.add("batch.jitter", config.batch.jitter, "deviation of Gaussian noise added to the samples, normalised units");
  set.add("batch.jitter_end", config.batch.jitter_end,
          "jitter at the last step, linear in between; negative: constant");
  optim::bind(set, config.optimizer);
  set.add("training.steps", config.training.steps, "optimiser steps");
  set.add("training.checkpoint_every", config.training.checkpoint_every, "steps between checkpoints");
  set.add("training.log_every", config.training.log_every, "steps between rows of the history, with a validation each");
  set.add("training.validation_fraction", config.training.validation_fraction,
          "share of the particles kept for validation");
  set.add("training.memory_limit", config.training.memory_limit, "MiB of samples in memory; larger datasets stream");
  set.add("training.engine", config.training.engine,
          {{"auto", EngineKind::automatic}, {"fused", EngineKind::fused}, {"autograd", EngineKind::autograd}},
          "fused: own kernels, no double backward; autograd: LibTorch double backward; auto: fused where it applies");
  set.add("training.cuda_graph", config.training.cuda_graph,
          "CUDA: record the whole step once and replay it (builds with SCOREFIELD_CUDA)");
  set.add("training.tf32", config.training.tf32, "CUDA: matrix products in TF32, 10 bits of mantissa");
}

namespace {

void at_least(const char* key, std::int64_t value, std::int64_t low) {
  if (value < low)
    throw UsageError("option '" + std::string(key) + "' must be at least " + std::to_string(low) + ", got " +
                     std::to_string(value) + ".");
}

}  // namespace

void validate(const TrainConfig& config) {
  models::validate(config.model);
  optim::validate(config.optimizer);
  if (config.loss.kind == LossKind::action_matching) validate(config.quadrature);
  if (!(config.loss.sigma >= 0)) throw UsageError("option 'loss.sigma' must not be negative.");
  if (learns_distribution(config.loss.kind) && config.loss.sigma > 0)
    throw UsageError("option 'loss.sigma' belongs to losses that learn a drift, not to " +
                     std::string(to_string(config.loss.kind)) + ".");
  if (!(config.loss.noise > 0)) throw UsageError("option 'loss.noise' must be positive.");
  if (!(config.loss.noise_min > 0 && config.loss.noise_max > config.loss.noise_min))
    throw UsageError("options 'loss.noise_min' and 'loss.noise_max' must be positive, the second the larger one.");
  if (!(config.batch.keep_times >= 0 && config.batch.keep_times <= 1))
    throw UsageError("option 'batch.keep_times' must lie in [0, 1].");
  if (laplacian_from_jitter(config.loss) && !jittered_throughout(config.batch))
    throw UsageError(
        "option 'loss.laplacian' = stein takes the Laplacian from the samples' jitter: set 'batch.jitter' (and "
        "'batch.jitter_end') above 0, or choose hutchinson or exact.");
  if (!(config.batch.jitter >= 0)) throw UsageError("option 'batch.jitter' must not be negative.");
  at_least("loss.probes", config.loss.probes, 1);
  at_least("loss.gauge", config.loss.gauge, 0);
  at_least("loss.stride", config.loss.stride, 1);
  at_least("batch.mu", config.batch.mu, 1);
  at_least("batch.nodes", config.batch.nodes, 1);
  at_least("batch.particles", config.batch.particles, 1);
  at_least("training.steps", config.training.steps, 1);
  at_least("training.checkpoint_every", config.training.checkpoint_every, 1);
  at_least("training.log_every", config.training.log_every, 1);
  at_least("training.memory_limit", config.training.memory_limit, 1);
  if (!(config.training.validation_fraction > 0 && config.training.validation_fraction <= 0.5))
    throw UsageError("option 'training.validation_fraction' must lie in (0, 0.5].");
}

}  // namespace scorefield::training
