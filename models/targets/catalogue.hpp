#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "models/targets/sample_target.hpp"
#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A target that has a name of its own.
struct NamedTarget {
  std::string name;
  std::string summary;
  std::string toml;  ///< the same as a family file
};

[[nodiscard]] const std::vector<NamedTarget>& named_targets();

struct TargetOptions {
  SampleSetOptions samples;  ///< target.mu, target.time, target.points
};

void bind(OptionSet& set, TargetOptions& options);

/// Opens a trained model as a target at (mu, time): what knows how to read models gives it (this library does not).
using ModelOpener = std::function<std::shared_ptr<const Target>(const std::string& path, const TargetOptions& options)>;

/// A name of named_targets(), a TOML file of a family, a TorchScript file x.pt, a trained score network MODEL.h5, or
/// samples (dataset, rollout, samples file, .npy). Tensors of the target live on `device`.
/// @throws UsageError for an unknown name, FileError for a file
[[nodiscard]] std::shared_ptr<const Target> open_target(const std::string& what, const TargetOptions& options,
                                                        torch::Device device, const ModelOpener& open_model);

}  // namespace scorefield::targets
