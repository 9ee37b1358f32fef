#include "training/config.hpp"

#include <string>

#include "core/require.hpp"

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
  set.add("loss.sigma", config.loss.sigma, at_least(0),
          "diffusion of the entropic energy E_eps, normalised units; 0: kinetic energy");
  set.add("loss.laplacian", config.loss.laplacian,
          {{"exact", LaplacianKind::exact}, {"hutchinson", LaplacianKind::hutchinson}, {"stein", LaplacianKind::stein}},
          "how the Laplacian of the entropic energy is computed; stein: from the samples' jitter, without second "
          "derivatives");
  set.add("loss.probes", config.loss.probes, at_least(1), "Hutchinson probes per point");
  set.add("loss.gauge", config.loss.gauge, at_least(0),
          "points whose mean potential is taken from s in action matching, so that no c(t) hides between the nodes; 0: "
          "none");
  set.add("loss.stride", config.loss.stride, at_least(1), "dice: intervals between the two frames of a pair");
  set.add("loss.noise", config.loss.noise, above(0), "dsm: deviation of the noise, normalised units");
  set.add("loss.noise_min", config.loss.noise_min, above(0), "ncsm: least deviation of the noise, normalised units");
  set.add("loss.noise_max", config.loss.noise_max, above(0), "ncsm: largest deviation of the noise, normalised units");
  bind(set, config.quadrature);
  set.add("batch.mu", config.batch.mu, at_least(1), "values of mu per step");
  set.add("batch.nodes", config.batch.nodes, at_least(1),
          "times (dice: pairs of times) per mu and step; action-matching has quadrature.nodes");
  set.add("batch.particles", config.batch.particles, at_least(1), "particles per (mu, time)");
  set.add("batch.sampling", config.batch.sampling,
          {{"stratified", SamplingKind::stratified}, {"random", SamplingKind::random}},
          "stratified: one particle from each of equally full cells of state space; random: independent draws");
  set.add("batch.keep_times", config.batch.keep_times, in(0, 1),
          "share of the stored times that is trained on, another random subset for every mu; both ends stay");
  set.add("batch.jitter", config.batch.jitter, at_least(0),
          "deviation of Gaussian noise added to the samples, normalised units");
  set.add("batch.jitter_end", config.batch.jitter_end, any_number(),
          "jitter at the last step, linear in between; negative: constant");
  optim::bind(set, config.optimizer);
  set.add("training.steps", config.training.steps, at_least(1), "optimiser steps");
  set.add("training.checkpoint_every", config.training.checkpoint_every, at_least(1), "steps between checkpoints");
  set.add("training.log_every", config.training.log_every, at_least(1),
          "steps between rows of the history, with a validation each");
  set.add("training.validation_fraction", config.training.validation_fraction, above(0).up_to(0.5),
          "share of the particles kept for validation");
  set.add("training.memory_limit", config.training.memory_limit, at_least(1),
          "MiB of samples in memory; larger datasets stream");
  set.add("training.engine", config.training.engine,
          {{"auto", EngineKind::automatic}, {"fused", EngineKind::fused}, {"autograd", EngineKind::autograd}},
          "fused: own kernels, no double backward; autograd: LibTorch double backward; auto: fused where it applies");
  set.add("training.cuda_graph", config.training.cuda_graph,
          "CUDA: record the whole step once and replay it (builds with SCOREFIELD_CUDA)");
  set.add("training.tf32", config.training.tf32, "CUDA: matrix products in TF32, 10 bits of mantissa");
}

void validate(const TrainConfig& config) {
  check_ranges(config);
  models::validate(config.model);
  if (config.loss.kind == LossKind::action_matching) validate(config.quadrature);
  if (learns_distribution(config.loss.kind) && config.loss.sigma > 0)
    throw UsageError("option 'loss.sigma' belongs to losses that learn a drift, not to " +
                     std::string(to_string(config.loss.kind)) + ".");
  require(config.loss.noise_max > config.loss.noise_min, "option 'loss.noise_max'", config.loss.noise_max,
          "a number above loss.noise_min = " + number_text(config.loss.noise_min));
  if (laplacian_from_jitter(config.loss) && !jittered_throughout(config.batch))
    throw UsageError(
        "option 'loss.laplacian' = stein takes the Laplacian from the samples' jitter: set 'batch.jitter' (and "
        "'batch.jitter_end') above 0, or choose hutchinson or exact.");
}

}  // namespace scorefield::training
