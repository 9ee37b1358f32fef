#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace scorefield::training {

/// What the total mass of a frame is.
enum class MassKind {
  automatic,  ///< weights where there are, else the numbers of particles where these differ, else conserved
  conserved,  ///< the same at all times
  counts,     ///< in proportion to the number of particles
  weights     ///< the sum of the weights
};

/// Which of them these data are taken to have. @throws UsageError where they lack what is wanted
[[nodiscard]] MassKind choose_mass(const data::DatasetHeader& header, MassKind wanted);

/// Mass of every frame over that of the first one of its run, [M][K]. `kind`: one that choose_mass() gave
[[nodiscard]] std::vector<std::vector<double>> frame_masses(const data::DatasetReader& reader, MassKind kind);

}  // namespace scorefield::training
