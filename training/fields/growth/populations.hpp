#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "training/fields/growth/options.hpp"

namespace scorefield::training {

/// All frames of a dataset in memory, normalised, and their masses.
class Populations {
 public:
  /// A share of every frame's particles, at least one, is kept for validation.
  Populations(const data::DatasetReader& reader, const models::Normalizer& normalizer, MassKind mass,
              double validation_fraction, std::uint64_t seed);

  struct Run {
    torch::Tensor mu;              ///< [p], normalised
    std::vector<double> times;     ///< [K], normalised
    std::vector<double> log_mass;  ///< [K], of the mass over that of the first frame
  };
  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }

  /// `count` particles of a frame, [count, d], drawn by their weights; a pure function of the seed.
  [[nodiscard]] torch::Tensor draw(std::size_t run, std::size_t frame, std::int64_t count, std::uint64_t seed,
                                   bool validation) const;

 private:
  struct Frame {
    torch::Tensor x;     ///< [n, d], shuffled
    torch::Tensor sums;  ///< [n] weights summed up, each part by itself; undefined: alike
    std::int64_t first_part = 0;
  };
  std::vector<Run> runs_;
  std::vector<std::vector<Frame>> frames_;
};

}  // namespace scorefield::training
