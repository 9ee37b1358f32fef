#pragma once

#include <memory>
#include <span>
#include <vector>

#include "data/dataset.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::problems {

/// The electric energy of given particles.
class FieldEnergy {
 public:
  virtual ~FieldEnergy() = default;
  /// samples: [N, d] row-major, positions in any period; weights: [N] on any scale, or none: all are alike.
  [[nodiscard]] virtual double of(std::span<const float> samples, std::span<const float> weights,
                                  const std::vector<double>& mu) const = 0;
};

/// By the deposit and solve of the problem that made the particles (weighted ones as so many more); null where it has
/// no field. `problem` lives as long as the result.
[[nodiscard]] std::unique_ptr<FieldEnergy> field_energy_of(const Problem* problem);

/// By the charge and the box of imported particles (data/charged_box.hpp), taken from the first of these headers that
/// has them at the mu that is asked for, else at the nearest: linear deposit on a grid (256 cells in one coordinate, 64
/// x 64 in two, 32 x 32 x 32 in three); the solve of the generators in one coordinate, by Fourier series in more.
/// Null where none has a charge.
[[nodiscard]] std::unique_ptr<FieldEnergy> field_energy_of(const std::vector<const data::DatasetHeader*>& headers);

}  // namespace scorefield::problems
