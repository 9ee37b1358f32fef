#include "solvers/sampling/registry.hpp"

#include "core/error.hpp"

namespace scorefield::sampling {
namespace {

std::pair<std::string, std::string> automatic(const targets::Target& target) {
  if (target.sample_set().defined()) return {"ift", "the target is a set of samples"};
  const std::string d = "d = " + std::to_string(target.dimension());
  if (target.dimension() <= 3) return {"mpm", d + ", where a grid of 3^d nodes per particle is cheap"};
  if (target.has_log_density()) return {"gas", d + ", above the 3 of a grid, and log p is known"};
  return {"mpm", d + " and only a score is known: the affine gas; mode weights are not identified"};
}

}  // namespace

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
