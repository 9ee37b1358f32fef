#include "models/targets/families.hpp"

#include <torch/utils.h>

#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/require.hpp"
#include "models/targets/mixture.hpp"
#include "models/targets/posteriors.hpp"
#include "models/targets/shapes.hpp"
#include "models/targets/transformed_target.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

Tensor family_vector(const char* key, const std::vector<double>& values, std::int64_t count) {
  require(static_cast<std::int64_t>(values.size()) == count, "the length of '" + std::string(key) + "'", values.size(),
          std::to_string(count) + " numbers");
  return torch::tensor(values, torch::kFloat64);
}

Tensor family_mean(const FamilyOptions& o) {
  if (o.mean.empty()) return torch::zeros({o.dimension}, torch::kFloat64);
  return family_vector("mean", o.mean, o.dimension);
}

/// From 'covariance' in any of its lengths, else from correlation and condition, times scale^2.
Tensor family_covariance(const FamilyOptions& o) {
  const auto d = o.dimension;
  if (!o.covariance.empty()) {
    const auto count = static_cast<std::int64_t>(o.covariance.size());
    if (count == 1) return o.covariance.front() * torch::eye(d, torch::kFloat64);
    if (count == d) return torch::diag(family_vector("covariance", o.covariance, d));
    return family_vector("covariance", o.covariance, d * d).view({d, d});
  }
  const auto i = torch::arange(d, torch::kFloat64);
  const auto distance = (i.unsqueeze(0) - i.unsqueeze(1)).abs();
  const auto correlation = o.correlation == 0
                               ? torch::eye(d, torch::kFloat64)
                               : at::pow(std::abs(o.correlation), distance) *
                                     (o.correlation < 0 ? 1 - 2 * distance.remainder(2) : torch::ones_like(distance));
  const auto position = d > 1 ? i / static_cast<double>(d - 1) - 0.5 : i;
  const auto spread = o.scale * (0.5 * std::log(o.condition) * position).exp();
  return spread.unsqueeze(0) * correlation * spread.unsqueeze(1);
}

std::shared_ptr<const Target> family_gaussian(const FamilyOptions& o, const std::string& name) {
  return make_mixture(name, torch::ones({1}, torch::kFloat64), family_mean(o).unsqueeze(0), family_covariance(o));
}

std::shared_ptr<const Target> family_mixture(const FamilyOptions& o, const std::string& name) {
  const auto count = static_cast<std::int64_t>(o.means.size()) / o.dimension;
  require(count >= 1, "the number of modes in 'means'", count, "at least 1, with dimension numbers each");
  const auto weights =
      o.weights.empty() ? torch::ones({count}, torch::kFloat64) : family_vector("weights", o.weights, count);
  return make_mixture(name, weights, family_vector("means", o.means, count * o.dimension).view({count, o.dimension}),
                      family_covariance(o));
}

std::shared_ptr<const Target> family_banana(const FamilyOptions& o, const std::string& name) {
  require(o.dimension >= 2 && o.dimension % 2 == 0, "'dimension' of the banana", o.dimension, "an even number");
  return make_banana(name, o.dimension, o.curvature, o.spread, o.scale);
}

std::shared_ptr<const Target> family_rings(const FamilyOptions& o, const std::string& name) {
  require(o.dimension == 2, "'dimension' of the rings", o.dimension, "2");
  const auto radii = o.radii.empty() ? std::vector<double>{2, 5} : o.radii;
  if (!o.weights.empty()) (void)family_vector("weights", o.weights, static_cast<std::int64_t>(radii.size()));
  return make_rings(name, radii, o.weights, o.scale);
}

struct Family {
  const char* name;
  std::function<std::shared_ptr<const Target>(const FamilyOptions&, const std::string&)> make;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"gaussian", family_gaussian},
      {"mixture", family_mixture},
      {"banana", family_banana},
      {"funnel",
       [](const FamilyOptions& o, const std::string& name) {
         require(o.dimension >= 2, "'dimension' of the funnel", o.dimension, "at least 2");
         return make_funnel(name, o.dimension);
       }},
      {"rings", family_rings},
      {"student-t",
       [](const FamilyOptions& o, const std::string& name) {
         return make_student(name, family_mean(o), family_covariance(o), o.nu);
       }},
      {"logistic", [](const FamilyOptions& o, const std::string& name) { return make_logistic(name, o.prior); }},
      {"eight-schools", [](const FamilyOptions&, const std::string& name) { return make_eight_schools(name); }}};
  return all;
}

}  // namespace

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& family : families()) all.emplace_back(family.name);
    return all;
  }();
  return names;
}

void bind(OptionSet& set, FamilyOptions& o) {
  set.add("family", o.family, family_names(), "kind of density");
  set.add("dimension", o.dimension, in(1, 10000), "number of coordinates d");
  set.add("mean", o.mean, any_number(), "centre, d numbers; empty: 0");
  set.add("covariance", o.covariance, any_number(),
          "d * d numbers, d (diagonal) or one; empty: from correlation and condition");
  set.add("correlation", o.correlation, above(-1).below(1), "of coordinates i and j: correlation^|i-j|");
  set.add("condition", o.condition, above(0),
          "largest over smallest variance, geometric from the first to the last coordinate");
  set.add("weights", o.weights, above(0), "one per mode or ring, any positive scale; empty: equal");
  set.add("means", o.means, any_number(), "d numbers per mode, mode after mode");
  set.add("scale", o.scale, above(0), "standard deviation of a mode, of a ring's width, across a banana");
  set.add("curvature", o.curvature, any_number(), "banana: x2 = curvature (x1^2 - spread^2) + noise");
  set.add("spread", o.spread, above(0), "banana: standard deviation of x1");
  set.add("radii", o.radii, above(0), "of the rings");
  set.add("nu", o.nu, above(0), "degrees of freedom of student-t");
  set.add("prior", o.prior, above(0), "logistic: standard deviation of every coefficient");
  bind(set, o.space, "");
}

std::shared_ptr<const Target> make_family(const FamilyOptions& options, const std::string& name) {
  check_ranges(options);
  for (const auto& family : families())
    if (options.family == family.name) return make_transformed(family.make(options, name), options.space);
  throw UsageError(unknown_name_message("family", options.family, family_names()));
}

}  // namespace scorefield::targets
