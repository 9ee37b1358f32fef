#include "data/problems/sde_system.hpp"

#include <algorithm>

#include "core/require.hpp"
#include "core/text.hpp"

namespace scorefield::problems {
namespace {

constexpr const char* kNoise = "noise";  ///< as the name of mu: a factor of noise.sigma

/// One number for all coordinates, or one for each.
std::vector<double> per_coordinate(const std::string& key, const std::vector<double>& values, std::int64_t dimension) {
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(dimension), values.front());
  if (static_cast<std::int64_t>(values.size()) == dimension) return values;
  throw UsageError("option '" + key + "' has " + std::to_string(values.size()) + " numbers, expected 1 or " +
                   std::to_string(dimension) + ", one per coordinate.");
}

}  // namespace

SdeSystem::SdeSystem() : SdeProblem({}) {
  for (const auto& drift : builtin_drifts()) {
    auto& values = values_.emplace_back();
    for (const auto& parameter : drift.parameters) values.push_back(parameter.value);
  }
}

std::string SdeSystem::summary() const {
  return "a stochastic system from a configuration file (--config): built-in drift, noise, initial population";
}

std::string SdeSystem::parameter() const {
  return "mu: the parameter that system.mu names, or 'noise', a factor of noise.sigma";
}

void SdeSystem::bind(OptionSet& set) {
  SdeProblem::bind(set);
  std::vector<std::string> known;
  for (const auto& drift : builtin_drifts()) known.push_back(drift.name);
  set.add("system.drift", drift_, known, "drift b(x, t) of the system");
  set.add("system.mu", mu_, "the parameter of the drift that is mu, or noise; empty: its first parameter");
  set.add("system.dimension", dimension_, in(0, kMaxDimension),
          "number of coordinates where the drift leaves it open; 0: its default");
  set.add("system.observed", observed_, "names of the stored coordinates, as in \"x, z\"; empty: all");
  set.add("noise.kind", noise_kind_, {{"additive", NoiseKind::additive}, {"proportional", NoiseKind::proportional}},
          "noise of strength sigma, or sigma times the coordinate (in the sense of Ito)");
  set.add("noise.sigma", sigma_, at_least(0), "sigma of dX = b dt + sigma dW, one number or one per coordinate");
  set.add("initial.law", law_, {{"normal", sde::Population::Law::normal}, {"uniform", sde::Population::Law::uniform}},
          "distribution of the coordinates at t = 0, independent of each other");
  set.add("initial.mean", mean_, any_number(), "mean at t = 0, one number or one per coordinate");
  set.add("initial.deviation", deviation_, at_least(0),
          "standard deviation at t = 0, one number or one per coordinate");
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const BuiltinDrift& drift = builtin_drifts()[i];
    for (std::size_t j = 0; j < values_[i].size(); ++j)
      set.add(drift.name + "." + drift.parameters[j].name, values_[i][j], any_number(),
              drift.parameters[j].help + (j == 0 ? "; " + drift.formula : ""));
  }
}

std::size_t SdeSystem::drift_index() const {
  return static_cast<std::size_t>(&builtin_drift(drift_) - builtin_drifts().data());
}

std::int64_t SdeSystem::dimension() const {
  const BuiltinDrift& drift = builtin_drift(drift_);
  const auto fixed = static_cast<std::int64_t>(drift.coordinates.size());
  if (dimension_ == 0) return fixed ? fixed : drift.default_dimension;
  if (fixed && dimension_ != fixed)
    throw UsageError("option 'system.dimension' is " + std::to_string(dimension_) + ", but " + drift_ + " has " +
                     std::to_string(fixed) + " coordinates. Leave it out.");
  const std::int64_t least = drift.name == "lorenz-96" ? 4 : 1;
  require("option 'system.dimension'", dimension_, in(least, kMaxDimension));
  return dimension_;
}

std::vector<std::string> SdeSystem::names() const {
  std::vector<std::string> names = builtin_drift(drift_).coordinates;
  for (std::int64_t i = static_cast<std::int64_t>(names.size()); i < dimension(); ++i)
    names.push_back(std::string("x").append(std::to_string(i + 1)));
  return names;
}

SdeSystem::Parameters SdeSystem::parameters(double mu) const {
  const auto& known = builtin_drift(drift_).parameters;
  Parameters result{values_[drift_index()], 1};
  if (mu_ == kNoise) {
    result.noise_factor = mu;
    return result;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < known.size(); ++i) {
    names.push_back(known[i].name);
    if (known[i].name == mu_ || (mu_.empty() && i == 0)) {
      result.drift[i] = mu;
      return result;
    }
  }
  names.emplace_back(kNoise);
  throw UsageError("option 'system.mu': " + unknown_name_message("parameter of " + drift_, mu_, names));
}

std::vector<double> SdeSystem::training_mu() const {
  if (mu_ == kNoise) return {1};
  (void)parameters(0);  // checks the name
  const auto& known = builtin_drift(drift_).parameters;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i].name == mu_) return {values_[drift_index()][i]};
  return {values_[drift_index()].front()};
}

SdeModel SdeSystem::model(double mu) const {
  const std::int64_t d = dimension();
  const Parameters now = parameters(mu);
  SdeModel model;
  model.system = {d, builtin_drift(drift_).make(d, now.drift), per_coordinate("noise.sigma", sigma_, d), {}};
  require(now.noise_factor >= 0, "mu", now.noise_factor, "a number from 0 on: it is a factor of noise.sigma");
  for (double& sigma : model.system.sigma) sigma *= now.noise_factor;
  if (noise_kind_ == NoiseKind::proportional)
    model.system.diffusion = [d](const double* x, double* g) { std::copy(x, x + d * sde::kLanes, g); };
  model.initial = {per_coordinate("initial.mean", mean_, d), per_coordinate("initial.deviation", deviation_, d), law_};
  (void)coordinates();  // checks the names
  return model;
}

std::vector<Coordinate> SdeSystem::coordinates() const {
  const std::vector<std::string> known = names();
  const double period = builtin_drift(drift_).period;
  std::vector<Coordinate> chosen;
  const auto add = [&](const std::string& name) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end())
      throw UsageError("option 'system.observed': " + unknown_name_message("coordinate of " + drift_, name, known));
    const std::int64_t index = found - known.begin();
    if (std::any_of(chosen.begin(), chosen.end(), [&](const Coordinate& one) { return one.index == index; }))
      throw UsageError("option 'system.observed' names " + name + " twice.");
    chosen.push_back({index, name, "1", period});
  };
  for (const auto& name : comma_separated(observed_)) add(name);
  if (chosen.empty())
    for (const auto& name : known) add(name);
  return chosen;
}

}  // namespace scorefield::problems
