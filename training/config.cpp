#include "training/config.hpp"

namespace scorefield::training {

void bind(OptionSet& set, TrainConfig& config) {
  set.add("model.field", config.field.name, config.field.names(),
          "what moves the population; auto: by what the data have; " + config.field.list.help());
  models::bind(set, config.model);
  set.add("loss.name", config.loss.name, config.loss.names(),
          "auto: by what the data have: velocity where there are velocities or particles are followed, else transport, "
          "or dice for many frames; " +
              config.loss.list.help());
  set.add("loss.sigma", config.loss.sigma, at_least(0),
          "diffusion of the entropic energy E_eps, normalised units; 0: kinetic energy");
  set.add(
      "loss.growth", config.loss.growth, at_least(0),
      "action-matching, dice: lambda of their unbalanced form, in which mass grows at the rate g = s/lambda, as the "
      "frames' weights or numbers of particles say; normalised units; 0: mass is conserved");
  set.add("loss.laplacian", config.loss.laplacian,
          {{"exact", LaplacianKind::exact}, {"hutchinson", LaplacianKind::hutchinson}, {"stein", LaplacianKind::stein}},
          "how the Laplacian of the entropic energy is computed; stein: from the samples' jitter, without second "
          "derivatives");
  set.add("loss.probes", config.loss.probes, at_least(1), "Hutchinson probes per point");
  config.loss.list.bind(set);
  config.field.list.bind(set);
  bind(set, config.quadrature);
  bind(set, config.batch);
  optim::bind(set, config.optimizer);
  set.add("training.steps", config.training.steps, at_least(1), "optimiser steps");
  set.add("training.checkpoint_every", config.training.checkpoint_every, at_least(1), "steps between checkpoints");
  set.add("training.log_every", config.training.log_every, at_least(1),
          "steps between rows of the history, with a validation each");
  set.add("training.validation_fraction", config.training.validation_fraction, above(0).up_to(0.5),
          "share of the particles kept for validation");
  set.add("training.leave_out", config.training.leave_out,
          "runs that are not trained on, by their mu, as in --mu: 0.017 or \"(1.25, 0.5), (1.35, 0.7)\"; empty: none");
  set.add("training.memory_limit", config.training.memory_limit, at_least(1),
          "MiB of samples in memory; larger datasets stream");
  set.add("training.engine", config.training.engine,
          {{"auto", EngineKind::automatic},
           {"fused", EngineKind::fused},
           {"operations", EngineKind::operations},
           {"autograd", EngineKind::autograd}},
          "fused: own kernels, no double backward; operations: the same in LibTorch operations; autograd: LibTorch "
          "double backward; auto: fused where it applies");
  set.add("training.cuda_graph", config.training.cuda_graph,
          "CUDA: record the whole step once and replay it (builds with SCOREFIELD_CUDA)");
  set.add("training.tf32", config.training.tf32, "CUDA: matrix products in TF32, 10 bits of mantissa");
}

void validate(const TrainConfig& config) {
  check_ranges(config);
  models::validate(config.model);
  config.field.chosen().validate(config);
}

}  // namespace scorefield::training
