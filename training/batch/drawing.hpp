#pragma once

#include <cstdint>
#include <span>

#include "training/batch/particles.hpp"

namespace scorefield::training {

/// What a loss fills one group with: particles, the batch's jitter, and random numbers of the group's own.
class Drawing {
 public:
  /// `jitter`: its deviation at this step; 0: none.
  Drawing(const Particles& particles, Particles::Source from, double jitter)
      : particles_(particles), from_(from), deviation_(jitter) {}

  /// Samples of a group's marginal, [N, d], and their velocities where wanted. Of another group, such as another frame,
  /// the same random numbers choose.
  void particles(const Group& group, std::span<float> x, std::span<float> velocity = {}) const {
    particles_.draw(group, from_, x, velocity);
  }

  /// x -> x + delta xi; where given, target -> target + slope xi / delta. x, target: [N, d], slope: [d].
  void jitter(std::span<float> x, std::span<float> target = {}, std::span<const double> slope = {}) const;

  /// Of all random numbers of the group.
  [[nodiscard]] std::uint64_t seed() const { return from_.seed; }
  [[nodiscard]] std::int64_t dimension() const { return particles_.header().dimension(); }
  [[nodiscard]] const models::Normalizer& normalizer() const { return particles_.normalizer(); }

 private:
  const Particles& particles_;
  Particles::Source from_;
  double deviation_;
};

}  // namespace scorefield::training
