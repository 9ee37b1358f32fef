#include "solvers/sampling/registry.hpp"

#include "core/error.hpp"
#include "models/targets/sample_target.hpp"
#include "solvers/gas/samplers.hpp"
#include "solvers/ift/sampler.hpp"
#include "solvers/mcmc/langevin.hpp"
#include "solvers/mpm/sampler.hpp"
#include "solvers/sph/sampler.hpp"
#include "solvers/svgd/svgd.hpp"

namespace scorefield::sampling {
namespace {

std::pair<std::string, std::string> automatic(const targets::Target& target) {
  if (dynamic_cast<const targets::SampleTarget*>(&target)) return {"ift", "the target is a set of samples"};
  const std::string d = "d = " + std::to_string(target.dimension());
  if (target.dimension() <= 3) return {"mpm", d + ", where a grid of 3^d nodes per particle is cheap"};
  if (target.has_log_density()) return {"gas", d + ", above the 3 of a grid, and log p is known"};
  return {"mpm", d + " and only a score is known: the affine gas; mode weights are not identified"};
}

}  // namespace

std::vector<Method> make_methods() {
  std::vector<Method> all;
  // One line per method: make_method<Class, Options>(name, summary, default steps).
  all.push_back(make_method<mpm::MpmSampler, mpm::MpmMethodOptions>(
      "mpm", "material point method: a gas whose pressure balances the score; affine gas above d = 3", 200));
  all.push_back(make_method<gas::GasSampler, gas::GasOptions>(
      "gas", "tempered gas: ladder, kicks with accept test, far moves, bridge between clusters, polish", 2000));
  all.push_back(
      make_method<gas::GasSampler, gas::SmcOptions>("smc", "tempered sequential Monte Carlo, for comparison", 2000));
  all.push_back(sph::sph_method());
  for (auto& method : ift::flow_methods()) all.push_back(std::move(method));
  all.push_back(svgd::svgd_method());
  for (auto& method : mcmc::langevin_methods()) all.push_back(std::move(method));
  return all;
}

Choice choose_method(const std::vector<Method>& methods, const std::string& name, const targets::Target& target) {
  const auto [wanted, reason] = name == "auto" ? automatic(target) : std::pair<std::string, std::string>{name, ""};
  std::vector<std::string> names{"auto"};
  for (const auto& method : methods) {
    if (method.name == wanted) return {method, reason};
    names.push_back(method.name);
  }
  throw UsageError(unknown_name_message("method", wanted, names));
}

}  // namespace scorefield::sampling
