#include "solvers/gas/samplers.hpp"

#include <torch/utils.h>

#include "core/error.hpp"

namespace scorefield::gas {
namespace {

torch::Tensor gas_state_tensor(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

std::vector<double> gas_state_values(const torch::Tensor& tensor) {
  const auto values = tensor.to(torch::kFloat64).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

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
          .polish = 0};
}

}  // namespace

Matrix columns(const torch::Tensor& x) {
  const auto values = x.to(torch::kCPU, torch::kFloat64).contiguous();
  return Eigen::Map<const Matrix>(values.const_data_ptr<double>(), values.size(1), values.size(0));
}

torch::Tensor rows(const Matrix& x) {
  auto values = torch::empty({x.cols(), x.rows()}, torch::kFloat64);
  Eigen::Map<Matrix>(values.data_ptr<double>(), x.rows(), x.cols()) = x;
  return values;
}

Evaluator make_evaluator(std::shared_ptr<const targets::Target> target) {
  return [target](Cloud& cloud, bool with_score) {
    const auto x = rows(cloud.x);
    torch::Tensor log_p;
    if (with_score) {
      const auto both = target->evaluate(x);
      cloud.score = columns(both.score);
      log_p = both.log_density;
    } else {
      log_p = target->log_density(x);
    }
    if (log_p.defined()) {
      const auto values = log_p.to(torch::kCPU, torch::kFloat64).contiguous();
      cloud.log_p = Eigen::Map<const Vector>(values.const_data_ptr<double>(), values.numel());
    }
  };
}

GasSampler::GasSampler(const sampling::Setup& setup, const GasOptions& options) {
  require_density(setup, "the tempered gas");
  validate(options);
  gas_ = std::make_unique<Tempered>(columns(setup.initial), options, setup.seed, make_evaluator(setup.target));
}

GasSampler::GasSampler(const sampling::Setup& setup, const SmcOptions& options) {
  require_density(setup, "tempered SMC");
  validate(options);
  gas_ =
      std::make_unique<Tempered>(columns(setup.initial), plain_smc(options), setup.seed, make_evaluator(setup.target));
}

std::map<std::string, torch::Tensor> GasSampler::extras() const {
  if (gas_->unpolished().size() == 0) return {};
  return {{"unpolished", rows(gas_->unpolished())}};
}
std::map<std::string, torch::Tensor> GasSampler::state() const { return {{"gas", gas_state_tensor(gas_->save())}}; }
void GasSampler::restore(const std::map<std::string, torch::Tensor>& state) {
  gas_->load(gas_state_values(state.at("gas")));
}

AffineSampler::AffineSampler(const sampling::Setup& setup, const AffineOptions& options) : steps_(setup.steps) {
  validate(options);
  gas_ = std::make_unique<Affine>(columns(setup.initial), options, setup.seed, make_evaluator(setup.target));
  notes_.push_back(options.sliced
                       ? "sliced gas: one-dimensional pressures along a random frame each step"
                       : "above d = 3 the gas moves with an affine velocity: exact for one elliptic mode, tested by G");
}
std::map<std::string, torch::Tensor> AffineSampler::state() const {
  return {{"gas", gas_state_tensor(gas_->save())},
          {"made", torch::tensor({static_cast<double>(made_)}, torch::kFloat64)}};
}
void AffineSampler::restore(const std::map<std::string, torch::Tensor>& state) {
  gas_->load(gas_state_values(state.at("gas")));
  made_ = static_cast<std::int64_t>(state.at("made").item<double>());
}

}  // namespace scorefield::gas
