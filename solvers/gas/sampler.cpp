#include "solvers/gas/sampler.hpp"

#include "core/error.hpp"
#include "solvers/gas/target.hpp"

namespace scorefield::gas {
namespace {

void require_density(const sampling::Setup& setup, const char* method) {
  if (!setup.target->has_log_density())
    throw UsageError("target '" + setup.target->name() + "' has no log density, only its gradient or samples; " +
                     method + " compares densities. Use --method mpm (affine gas), ula or svgd.");
}

GasOptions plain_smc(const SmcOptions& o) {
  return {.widen = o.widen,
          .ess = o.ess,
          .leapfrog = o.leapfrog,
          .sweeps = o.sweeps,
          .final_sweeps = o.final_sweeps,
          .clusters = 1,
          .teleport = false,
          .bridge = false,
          .thinning = 0,
          .polish = 0,
          .search = 0};
}

}  // namespace

GasSampler::GasSampler(const sampling::Setup& setup, const GasOptions& options) {
  require_density(setup, "the tempered gas");
  check_ranges(options);
  gas_ = std::make_unique<Tempered>(columns(setup.initial), options, setup.seed, make_evaluator(setup.target));
}

GasSampler::GasSampler(const sampling::Setup& setup, const SmcOptions& options) {
  require_density(setup, "tempered SMC");
  check_ranges(options);
  gas_ =
      std::make_unique<Tempered>(columns(setup.initial), plain_smc(options), setup.seed, make_evaluator(setup.target));
}

std::optional<sampling::LogEvidence> GasSampler::log_evidence() const {
  if (!gas_->done()) return std::nullopt;
  return sampling::LogEvidence{gas_->evidence().log_z, gas_->evidence().error};
}

std::map<std::string, torch::Tensor> GasSampler::extras() const {
  if (gas_->unpolished().size() == 0) return {};
  return {{"unpolished", rows(gas_->unpolished())}};
}

std::vector<sampling::Method> methods() {
  return {
      sampling::make_method<GasSampler, GasOptions>(
          "gas", "tempered gas: ladder, kicks with accept test, far moves, bridge between clusters, polish", 2000),
      sampling::make_method<GasSampler, SmcOptions>("smc", "tempered sequential Monte Carlo, for comparison", 2000)};
}

}  // namespace scorefield::gas
