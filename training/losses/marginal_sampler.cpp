#include "training/losses/marginal_sampler.hpp"

#include "models/score.hpp"
#include "solvers/integrators.hpp"

namespace scorefield::training {
namespace {

/// A rate as a drift, the level for the time.
class LevelDrift : public Drift {
 public:
  using Rate = std::function<torch::Tensor(const torch::Tensor& x, double level)>;
  LevelDrift(std::int64_t dimension, const Rate& rate) : dimension_(dimension), rate_(rate) {}
  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, double at) const override { return rate_(x, at); }

 private:
  std::int64_t dimension_;
  const Rate& rate_;
};

}  // namespace

torch::Tensor LevelField::gradient(const torch::Tensor& x, double level) const {
  auto mu = mu_;
  mu.push_back(level);
  return network_.field(x, network_.normalized_mu(mu), time_);
}

torch::Tensor LevelField::normals(std::int64_t particles, std::uint64_t seed) const {
  const auto options = network_.parameters().front().options().requires_grad(false);
  return integrators::step_noise(torch::empty({particles, normalizer().dimension()}, options), seed, 0);
}

torch::Tensor LevelField::wrap(const torch::Tensor& x) const {
  return integrators::wrap(x, normalizer().normalized_periods());
}

torch::Tensor integrate_levels(const LevelField& field, const torch::Tensor& x, std::int64_t steps,
                               const LevelDrift::Rate& rate) {
  integrators::IntegrateOptions integration;
  integration.method = integrators::IntegrationMethod::heun;
  integration.steps = steps;
  integration.periods = field.normalizer().normalized_periods();
  return integrators::integrate(LevelDrift(x.size(1), rate), x, {-1, 1}, integration);
}

}  // namespace scorefield::training
