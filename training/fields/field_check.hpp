#pragma once

#include <span>
#include <string>

namespace scorefield::training {

/// How well what is imposed on a population agrees with the field that the population itself makes.
struct FieldCheck {
  double energy_ratio = 1;  ///< energy of the population's own field over that of the imposed one, sums over time
  double difference = 0;    ///< between the two fields, root of the mean square over time and space, relative
  double floor = 0;         ///< the difference that so few random particles make by themselves
  std::string warning{};    ///< where and by how much they disagree beyond that; empty: they do not
};

/// Watches a rollout, frame after frame.
class FieldWatch {
 public:
  virtual ~FieldWatch() = default;
  /// samples: [N, d] physical, row-major; weights: [N], or empty where particles are alike.
  virtual void see(double time, std::span<const float> samples, std::span<const float> weights) = 0;
  [[nodiscard]] virtual FieldCheck result() const = 0;
};

}  // namespace scorefield::training
