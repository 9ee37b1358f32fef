#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/options.hpp"
#include "data/points.hpp"
#include "models/targets/coordinate_space.hpp"
#include "models/targets/target.hpp"

namespace scorefield::training {

/// Where in a file a target is.
struct TargetOptions {
  data::Place place;            ///< in a dataset, or of a trained model
  std::string data;             ///< of a library: a JSON file
  targets::SpaceOptions space;  ///< of a density: bounds and names of its coordinates
  std::int64_t points = 0;      ///< of a set of samples at most so many, drawn at random; 0: all
};

/// Points [N, d] float64 that are alike: weighted ones are drawn by their weights, as many as there are, or `most`.
[[nodiscard]] torch::Tensor alike(const data::Points& points, std::int64_t most = 0);

/// Keys target.mu, target.time, target.data, target.points, target.bounds, target.transform, target.variables
void bind(OptionSet& set, TargetOptions& options);

/// What a command-line TARGET means: a name of targets::named_targets(), a TOML file of a family, a TorchScript file
/// x.pt, a trained score network MODEL.h5 (a ScoreTarget), a Stan model in a library x.so, or points (data/points.hpp).
/// Its tensors live on `device`. `seed`: of what a model draws for its data.
/// @throws UsageError for an unknown name or a model without a score, FileError for a file
[[nodiscard]] std::shared_ptr<const targets::Target> open_target(const std::string& what, const TargetOptions& options,
                                                                 torch::Device device, std::uint64_t seed);

}  // namespace scorefield::training
