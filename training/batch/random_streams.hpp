#pragma once

#include <cstdint>

#include "core/random.hpp"

namespace scorefield::training {

/// Streams of random numbers of a batch, so that no two uses share numbers.
enum Stream : std::uint64_t {
  kStepStream = 1,
  kValidationStream,
  kMuStream,
  kTimeStream,
  kParticleStream,
  kJitterStream,
  kGroupStream,
  kOffsetStream,
  kLevelStream,
  kNoiseStream,
  kMissingStream,
  kGaugeStream,
  kShuffleStream,
  kIdStream,
  kSegmentStream,
  kFeatureStream
};

[[nodiscard]] inline std::uint64_t derive_seed(std::uint64_t seed, Stream stream, std::uint64_t index) {
  const auto words = Philox(seed, stream).words(index);
  return (std::uint64_t{words[0]} << 32) | words[1];
}

[[nodiscard]] inline double uniform(std::uint64_t seed, Stream stream, std::uint64_t index) {
  return Philox(seed, stream).uniforms(index)[0];
}

}  // namespace scorefield::training
