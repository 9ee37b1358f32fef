#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::training {

enum class SamplingKind { stratified, random };

/// Whether a particle of one time is known to be one of another time, where the data say so.
enum class IdentityUse { keep, ignore };

/// How many groups (mu, t) and particles one step sees, and how they are drawn.
struct BatchOptions {
  std::int64_t mu = 8;           ///< values of mu per step
  std::int64_t nodes = 8;        ///< times per mu (action matching: quadrature.nodes)
  std::int64_t particles = 256;  ///< particles per (mu, time)
  SamplingKind sampling = SamplingKind::stratified;
  IdentityUse identity = IdentityUse::keep;
  double jitter = 0;       ///< deviation of Gaussian noise added to the samples, normalised units
  double keep_times = 1;   ///< share of the stored times that is used, another random subset for every mu; ends stay
  double jitter_end = -1;  ///< the same at the last step, linear in between; negative: constant
};

/// Whether every sample of every step is jittered.
[[nodiscard]] constexpr bool jittered_throughout(const BatchOptions& batch) {
  return batch.jitter > 0 && batch.jitter_end != 0;
}

/// Keys batch.*.
void bind(OptionSet& set, BatchOptions& options);

}  // namespace scorefield::training
