#pragma once

#include <cstdint>
#include <vector>

#include "solvers/sde/normals.hpp"

namespace scorefield::sde {

/// Rows of independent standard normals of kLanes particles, one after the other; row q is a pure function of
/// (key, draw, q, particle).
class NormalRows {
 public:
  NormalRows(std::uint64_t key, Draw draw, std::uint32_t first_particle, std::uint64_t first_row);

  /// The next row, [kLanes]; valid until the next call.
  const double* next();

 private:
  FillNormals fill_;
  std::uint64_t key_;
  Draw draw_;
  std::uint32_t first_particle_;
  std::uint64_t row_;
  alignas(64) double rows_[kRows * kLanes];
};

/// Which Brownian motions a block of particles has.
struct PathSettings {
  std::int64_t noisy;       ///< motions per particle
  double h;                 ///< step
  std::int64_t refinement;  ///< fine steps in one
  bool with_integrals;      ///< also the integrals (a second stream of normals)
};

/// The Brownian motions of one block of particles, by steps of h on a grid `refinement` times finer: the path
/// depends on the key, the particle and the fine grid alone, so runs with h and refinement r follow the path of runs
/// with h / r and refinement 1.
class BrownianPath {
 public:
  BrownianPath(std::uint64_t key, std::uint32_t first_particle, std::int64_t first_step, const PathSettings& settings);

  /// Draws the next step.
  void advance();

  /// W(t + h) - W(t) of motion j, [kLanes].
  [[nodiscard]] const double* increment(std::int64_t j) const { return &increments_[offset(j)]; }
  /// I_(1,0) = int_t^{t+h} (W(s) - W(t)) ds of motion j, [kLanes].
  [[nodiscard]] const double* integral(std::int64_t j) const { return &integrals_[offset(j)]; }

 private:
  void advance_unrefined();
  static std::size_t offset(std::int64_t j) { return static_cast<std::size_t>(j * kLanes); }

  std::int64_t noisy_, refinement_;
  double fine_h_;
  NormalRows xi_, zeta_;
  std::vector<double> increments_, integrals_;  ///< [noisy, kLanes]; the latter empty without integrals
};

}  // namespace scorefield::sde
