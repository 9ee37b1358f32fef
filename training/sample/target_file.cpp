#include "training/sample/target_file.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <variant>

#include "core/error.hpp"
#include "core/random_subset.hpp"
#include "data/atomic_file.hpp"
#include "data/schema.hpp"
#include "models/targets/bridgestan_target.hpp"
#include "models/targets/catalogue.hpp"
#include "models/targets/library_target.hpp"
#include "models/targets/sample_target.hpp"
#include "models/targets/script_target.hpp"
#include "models/targets/transformed_target.hpp"
#include "training/sample/stan_data.hpp"
#include "training/score_target.hpp"

namespace scorefield::training {
namespace {

constexpr std::uint64_t kWeightSeed = 0x9016;  ///< which points of a weighted set stand for it

bool holds_model(const std::string& path) {
  return data::read_provenance(h5::File::open(path), {}).format == data::kModelFormat;
}

/// Some targets say themselves where their coordinates live.
void refuse_space(const std::string& what, const targets::SpaceOptions& space) {
  if (!space.empty())
    throw UsageError("target.bounds, target.transform and target.variables do not belong to " + what + ".");
}

std::shared_ptr<const targets::Target> model_target(const std::string& path, const TargetOptions& options) {
  const auto& place = options.place;
  refuse_space("a trained score network", options.space);
  if (!is_score_model(path))
    throw UsageError(
        path +
        " holds the potential of a reduced model, whose gradient is a velocity, not a score. Sampling needs "
        "a network trained with --set loss.name=dsm.");
  const double first = std::numeric_limits<double>::quiet_NaN();
  return std::make_shared<const ScoreTarget>(path, place.mu, place.time.empty() ? first : place.time.front());
}

std::shared_ptr<const targets::Target> point_target(const std::string& path, const TargetOptions& options) {
  const auto points = alike(data::read_points(path, options.place), options.points);
  return std::make_shared<const targets::SampleTarget>(std::filesystem::path(path).stem().string(), points,
                                                       options.points);
}

std::shared_ptr<const targets::Target> library_target(const std::string& path, const TargetOptions& options,
                                                      std::uint64_t seed) {
  const targets::SharedLibrary library(path);
  if (targets::holds_density(library)) {
    const std::string data = options.data.empty() ? "" : data::read_text_file(options.data);
    return targets::open_library_target(library, options.data.empty() ? nullptr : &data, options.space);
  }
  if (!targets::BridgeStan::is_in(library))
    throw FileError(
        path,
        "is a shared library, but neither a Stan model (it has no function bs_model_construct; make one from "
        "a .stan file with scripts/stan_model) nor a density (scorefield_density.h).");
  refuse_space("a Stan model, which declares its parameters", options.space);
  return targets::open_bridgestan_target(library, read_stan_data(path, options.data), seed);
}

bool is_library(const std::filesystem::path& path) { return path.extension() == ".so" || path.extension() == ".dylib"; }

/// What moves in its own coordinates.
std::shared_ptr<const targets::Target> plain_target(const std::string& what, const TargetOptions& options,
                                                    torch::Device device) {
  if (auto target = targets::make_named_target(what)) return target;
  const std::filesystem::path path(what);
  if (path.extension() == ".toml") return targets::make_family(data::read_text_file(what), what, path.stem().string());
  if (path.extension() == ".pt") return targets::open_script_target(what, device);
  if (path.extension() == ".h5" || path.extension() == ".npy") return point_target(what, options);
  if (path.extension() == ".stan")
    throw UsageError(what + " is the source of a Stan model. Prepare it first: scripts/stan_model " + what + ", then " +
                     "scorefield sample " + path.stem().string() + ".so --data DATA.json");
  std::vector<std::string> names;
  for (const auto& target : targets::named_targets()) names.push_back(target.name);
  throw UsageError(unknown_name_message("target", what, names) +
                   " Or a file: .toml (a family), .pt (TorchScript), .so (Stan model, or a density of your own), .h5 "
                   "(model, dataset, samples), "
                   ".npy (samples).");
}

}  // namespace

torch::Tensor alike(const data::Points& points, std::int64_t most) {
  const auto all = torch::tensor(std::get<std::vector<double>>(points.values), torch::kFloat64).view(points.shape);
  if (points.weights.empty()) return all;
  const std::int64_t count = most > 0 ? std::min(most, all.size(0)) : all.size(0);
  return all.index_select(0, torch::tensor(draw_by_weight(points.weights, count, kWeightSeed)));
}

void bind(OptionSet& set, TargetOptions& options) {
  set.add("target.mu", options.place.mu, any_number(),
          "of a dataset or a trained model: the physics parameters, one number each; without them the first run of a "
          "dataset, the middle of a model's training range");
  set.add("target.time", options.place.time, any_number(),
          "of a dataset or a trained model: the time; without it the first");
  set.add("target.data", options.data, "of a shared library x.so: the file of its data, for a Stan model JSON");
  set.add("target.points", options.points, at_least(0),
          "samples to take of a sample set, at random; 0: all. Weighted ones are drawn by their weights");
  targets::bind(set, options.space, "target.");
}

std::shared_ptr<const targets::Target> open_target(const std::string& what, const TargetOptions& options,
                                                   torch::Device device, std::uint64_t seed) {
  const std::filesystem::path path(what);
  if (!options.data.empty() && !is_library(path))
    throw UsageError("--data belongs to a shared library x.so, not to the target '" + what + "'.");
  if (options.place.time.size() > 1)
    throw UsageError("option 'target.time' has " + std::to_string(options.place.time.size()) +
                     " numbers, expected one time.");
  if (is_library(path)) return library_target(what, options, seed);
  if (path.extension() == ".h5" && holds_model(what)) return model_target(what, options);
  return targets::make_transformed(plain_target(what, options, device), options.space);
}

}  // namespace scorefield::training
