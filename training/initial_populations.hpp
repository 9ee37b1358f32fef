#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "data/h5.hpp"

namespace scorefield::training {

/// Populations at the first time of the training data, from which rollouts start: those of all mu that have one then.
struct InitialPopulations {
  std::vector<std::vector<double>> mu;        ///< [M][p]
  std::vector<std::vector<float>> samples;    ///< [M][N * d], physical units
  std::int64_t particles = 0;                 ///< N, the fewest that one of them has
  std::vector<std::vector<float>> weights{};  ///< [M][N], or empty: particles are alike

  /// Index of the mu nearest to this one (data/mu_set.hpp).
  [[nodiscard]] std::size_t nearest(const std::vector<double>& at) const;
};

[[nodiscard]] InitialPopulations initial_populations_of(const data::DatasetReader& reader);

/// The group /initial of a model file: samples [M, N, d], or [S, d] with the first row of each mu and S in
/// /initial/start where numbers differ; weights alike. @throws FileError
void write_initial(h5::File& file, const InitialPopulations& initial, std::int64_t dimension);
[[nodiscard]] InitialPopulations read_initial(const h5::File& file, std::int64_t dimension);

}  // namespace scorefield::training
