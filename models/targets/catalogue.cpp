#include "models/targets/catalogue.hpp"

#include <torch/types.h>

#include <filesystem>

#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "data/schema.hpp"
#include "models/targets/families.hpp"
#include "models/targets/script_target.hpp"

namespace scorefield::targets {
namespace {

std::shared_ptr<const Target> family_from_toml(const std::string& toml, const std::string& origin,
                                               const std::string& name) {
  FamilyOptions options;
  OptionSet set;
  bind(set, options);
  set.load_toml(toml, origin);
  return make_family(options, name);
}

bool holds_model(const std::string& path) {
  const auto file = h5::File::open(path);
  return data::read_provenance(file, {}).format == data::kModelFormat;
}

}  // namespace

const std::vector<NamedTarget>& named_targets() {
  static const std::vector<NamedTarget> all{
      {"gaussian", "2-D Gaussian, correlation 0.8", "family = \"gaussian\"\ncorrelation = 0.8\n"},
      {"gaussian-10", "10-D Gaussian, correlation 0.5^|i-j|, variances over a factor 10",
       "family = \"gaussian\"\ndimension = 10\ncorrelation = 0.5\ncondition = 10\n"},
      {"gaussian-50", "the same in 50 dimensions",
       "family = \"gaussian\"\ndimension = 50\ncorrelation = 0.5\ncondition = 10\n"},
      {"gaussian-100", "the same in 100 dimensions",
       "family = \"gaussian\"\ndimension = 100\ncorrelation = 0.5\ncondition = 10\n"},
      {"banana", "2-D banana", "family = \"banana\"\ndimension = 2\n"},
      {"banana-pairs", "five independent bananas, d = 10", "family = \"banana\"\ndimension = 10\n"},
      {"funnel", "Neal's funnel, d = 10", "family = \"funnel\"\ndimension = 10\n"},
      {"funnel-2", "Neal's funnel, d = 2", "family = \"funnel\"\ndimension = 2\n"},
      {"rings", "two concentric rings", "family = \"rings\"\nradii = [2.0, 5.0]\nscale = 0.3\n"},
      {"ten-modes", "ten equal Gaussians on a circle of radius 5",
       "family = \"mixture\"\nscale = 0.4\nmeans = [5.0, 0.0, 4.045085, 2.938926, 1.545085, 4.755283, -1.545085, "
       "4.755283, "
       "-4.045085, 2.938926, -5.0, 0.0, -4.045085, -2.938926, -1.545085, -4.755283, 1.545085, -4.755283, 4.045085, "
       "-2.938926]\n"},
      {"three-modes", "2-D Gaussians of weights 0.5, 0.3, 0.2",
       "family = \"mixture\"\nscale = 0.7\nweights = [0.5, 0.3, 0.2]\nmeans = [-3.0, -2.0, 3.0, -2.0, 0.0, 3.0]\n"},
      {"three-modes-10", "10-D Gaussians of weights 0.5, 0.3, 0.2",
       "family = \"mixture\"\ndimension = 10\nweights = [0.5, 0.3, 0.2]\nmeans = ["
       "4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "-4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "0.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]\n"},
      {"two-far-modes", "10-D Gaussians of weights 0.3, 0.7, 8 deviations apart",
       "family = \"mixture\"\ndimension = 10\nweights = [0.3, 0.7]\nmeans = ["
       "-4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
       "4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]\n"},
      {"student-t", "10-D Student t, 5 degrees of freedom", "family = \"student-t\"\ndimension = 10\nnu = 5\n"},
      {"logistic", "posterior of a logistic regression on 250 rows, d = 20", "family = \"logistic\"\n"},
      {"eight-schools", "hierarchical posterior of eight schools, not centred, d = 10",
       "family = \"eight-schools\"\n"}};
  return all;
}

void bind(OptionSet& set, TargetOptions& o) {
  set.add("target.mu", o.samples.mu, any_number(), "of a dataset or a trained model: the physics parameter");
  set.add("target.time", o.samples.time, any_number(), "of a dataset or a trained model: the time");
  set.add("target.points", o.samples.points, at_least(0), "samples to take of a sample set, at random; 0: all");
}

std::shared_ptr<const Target> open_target(const std::string& what, const TargetOptions& options, torch::Device device,
                                          const ModelOpener& open_model) {
  for (const auto& target : named_targets())
    if (target.name == what) return family_from_toml(target.toml, what, what);
  const std::filesystem::path path(what);
  if (path.extension() == ".toml") return family_from_toml(data::read_text_file(what), what, path.stem().string());
  if (path.extension() == ".pt") return open_script_target(what, device);
  if (path.extension() == ".h5" && holds_model(what)) return open_model(what, options);
  if (path.extension() == ".h5" || path.extension() == ".npy") return open_sample_target(what, options.samples);
  std::vector<std::string> names;
  for (const auto& target : named_targets()) names.push_back(target.name);
  throw UsageError(unknown_name_message("target", what, names) +
                   " Or a file: .toml (a family), .pt (TorchScript), .h5 (model, dataset, samples), .npy (samples).");
}

}  // namespace scorefield::targets
