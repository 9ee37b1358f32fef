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
          .straighten = false,
          .search = 0};
}

/// The target in coordinates y, x = mean + factor y, up to the constant log det factor.
Evaluator in_round_coordinates(Evaluator evaluate, Vector mean, Matrix factor) {
  return
      [evaluate = std::move(evaluate), mean = std::move(mean), factor = std::move(factor)](Cloud& y, bool with_score) {
        Cloud x;
        x.x = dense::product(factor, y.x).colwise() + mean;
        evaluate(x, with_score);
        y.log_p = std::move(x.log_p);
        if (with_score) y.score = dense::transposed_product(factor, x.score);
      };
}

/// Whether a cloud's deviations differ more than those of draws of a round Gaussian.
bool uneven(const Matrix& covariance, std::int64_t particles) {
  const Vector deviations = dense::symmetric_eigenvalues(covariance).cwiseMax(0).cwiseSqrt();
  const double noise = std::sqrt(static_cast<double>(covariance.rows()) / static_cast<double>(particles));
  return noise < 0.4 && deviations.maxCoeff() > 2 * (1 + noise) / (1 - noise) * deviations.minCoeff();
}

}  // namespace

GasSampler::GasSampler(const sampling::Setup& setup, const GasOptions& options) {
  require_density(setup, "the tempered gas");
  check_ranges(options);
  start(setup, options);
}

GasSampler::GasSampler(const sampling::Setup& setup, const SmcOptions& options) {
  require_density(setup, "tempered SMC");
  check_ranges(options);
  start(setup, plain_smc(options));
}

void GasSampler::start(const sampling::Setup& setup, const GasOptions& options) {
  Matrix x = columns(setup.initial);
  auto evaluate = make_evaluator(setup.target);
  const Vector mean = x.rowwise().mean();
  const Matrix covariance = dense::covariance(x, mean);
  if (const auto factor = dense::try_cholesky(covariance, "the start"); factor && uneven(covariance, x.cols())) {
    mean_ = mean;
    factor_ = *factor;
    x = dense::solve_lower(factor_, x.colwise() - mean_);
    evaluate = in_round_coordinates(std::move(evaluate), mean_, factor_);
  }
  gas_ = std::make_unique<Tempered>(x, options, setup.seed, std::move(evaluate));
}

Matrix GasSampler::own_units(const Matrix& y) const {
  if (factor_.size() == 0 || y.size() == 0) return y;
  return dense::product(factor_, y).colwise() + mean_;
}

std::optional<sampling::LogEvidence> GasSampler::log_evidence() const {
  if (!gas_->done()) return std::nullopt;
  const double units = factor_.size() == 0 ? 0 : factor_.diagonal().array().log().sum();
  return sampling::LogEvidence{gas_->evidence().log_z + units, gas_->evidence().error};
}

std::map<std::string, torch::Tensor> GasSampler::extras() const {
  if (gas_->unpolished().size() == 0) return {};
  return {{"unpolished", rows(own_units(gas_->unpolished()))}};
}

std::vector<sampling::Method> methods() {
  return {
      sampling::make_method<GasSampler, GasOptions>(
          "gas", "tempered gas: ladder, kicks with accept test, far moves, bridge between clusters, polish", 2000),
      sampling::make_method<GasSampler, SmcOptions>("smc", "tempered sequential Monte Carlo, for comparison", 2000)};
}

}  // namespace scorefield::gas
