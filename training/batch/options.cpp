#include "training/batch/options.hpp"

namespace scorefield::training {

void bind(OptionSet& set, BatchOptions& options) {
  set.add("batch.mu", options.mu, at_least(1), "values of mu per step");
  set.add("batch.nodes", options.nodes, at_least(1),
          "times per mu and step; action-matching has quadrature.nodes, dice one at every frame");
  set.add("batch.particles", options.particles, at_least(1),
          "particles per (mu, time); dice spreads 4 mu nodes particles points over its chains");
  set.add("batch.sampling", options.sampling,
          {{"stratified", SamplingKind::stratified}, {"random", SamplingKind::random}},
          "stratified: one particle from each of equally full cells of state space; random: independent draws");
  set.add("batch.identity", options.identity, {{"keep", IdentityUse::keep}, {"ignore", IdentityUse::ignore}},
          "keep: particles are followed where the data follow them; ignore: every frame is a snapshot, whose particles "
          "are others than those of the frames around it, and stored velocities are used only by a loss that is named");
  set.add("batch.keep_times", options.keep_times, in(0, 1),
          "share of the stored times that is trained on, another random subset for every mu; both ends stay");
  set.add("batch.jitter", options.jitter, at_least(0),
          "deviation of Gaussian noise added to the samples, normalised units");
  set.add("batch.jitter_end", options.jitter_end, any_number(),
          "jitter at the last step, linear in between; negative: constant");
}

}  // namespace scorefield::training
