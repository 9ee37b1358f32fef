#include "models/targets/transformed_target.hpp"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <limits>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "models/targets/variables.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

constexpr int kDrawRounds = 64;  ///< of n draws each, of which those inside count
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

class TransformedTarget final : public Target {
 public:
  TransformedTarget(std::shared_ptr<const Target> target, const SpaceOptions& options)
      : target_(std::move(target)),
        space_(options, target_->dimension()),
        names_(element_names(options.variables)),
        identity_(space_.identity()) {
    if (!names_.empty() && std::ssize(names_) != target_->dimension())
      throw UsageError("option 'target.variables' names " + std::to_string(names_.size()) +
                       " numbers, the target has " + std::to_string(target_->dimension()) + " coordinates.");
  }

  [[nodiscard]] std::int64_t dimension() const override { return space_.dimension(); }
  [[nodiscard]] std::int64_t user_dimension() const override { return space_.user_dimension(); }
  [[nodiscard]] std::string name() const override { return target_->name(); }
  [[nodiscard]] bool has_log_density() const override { return target_->has_log_density(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return target_->notes(); }
  [[nodiscard]] Truth truth() const override { return identity_ ? target_->truth() : Truth{}; }
  [[nodiscard]] Tensor score(const Tensor& u) const override { return evaluate(u).score; }

  [[nodiscard]] Tensor log_density(const Tensor& u) const override {
    if (identity_) return target_->log_density(u);
    const torch::NoGradGuard no_grad;
    const auto point = space_.to_user(u);
    return masked(target_->log_density(point.x) + point.log_det, point.x);
  }

  /// The chain rule, by LibTorch: score_u = (dx/du)^T score_x + grad log |dx/du|.
  [[nodiscard]] Evaluation evaluate(const Tensor& u) const override {
    if (identity_) return target_->evaluate(u);
    const torch::AutoGradMode with_gradients(true);
    const auto moved = u.detach().clone().requires_grad_(true);
    const auto point = space_.to_user(moved);
    auto found = target_->evaluate(point.x.detach());
    auto inside = inner(point.x) & torch::isfinite(found.score).all(1);
    if (found.log_density.defined()) inside = inside & torch::isfinite(found.log_density);
    const auto known = torch::where(inside.unsqueeze(1), found.score, torch::zeros_like(found.score));
    const auto sum = (point.x * known).sum() + point.log_det.sum();
    const auto score = torch::autograd::grad({sum}, {moved}).front();
    if (found.log_density.defined()) found.log_density = masked(found.log_density + point.log_det.detach(), point.x);
    return {found.log_density, torch::where(inside.unsqueeze(1), score, torch::zeros_like(score)).detach()};
  }

  /// Rejection: draws of the unbounded density that lie inside.
  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    if (identity_) return target_->draw(n, seed);
    std::vector<Tensor> kept;
    std::int64_t count = 0;
    const Philox seeds(seed, 0xd4a3);
    for (std::uint64_t round = 0; round < kDrawRounds && count < n; ++round) {
      const auto drawn = target_->draw(n, seeds.integer(round, std::uint64_t{1} << 62));
      if (!drawn.defined()) return {};
      kept.push_back(drawn.index({space_.inside(drawn)}));
      count += kept.back().size(0);
    }
    return count < n ? Tensor() : space_.from_user(torch::cat(kept).narrow(0, 0, n));
  }

  [[nodiscard]] UserCloud user_cloud(const Tensor& u, std::uint64_t) const override {
    const torch::NoGradGuard no_grad;
    const auto x = identity_ ? u : space_.to_user(u).x;
    UserCloud cloud{x, has_log_density() ? target_->log_density(x) : Tensor(), names_};
    if (!names_.empty()) cloud.variables = arrange_variables(names_, x.to(torch::kCPU), "parameter");
    return cloud;
  }
  [[nodiscard]] Tensor from_user(const Tensor& x) const override { return space_.from_user(x); }

 private:
  /// Rows where the density may be asked: inside of bounds that no transform keeps, and not overflown.
  [[nodiscard]] Tensor inner(const Tensor& x) const { return space_.inside(x.detach()); }
  [[nodiscard]] Tensor masked(const Tensor& log_p, const Tensor& x) const {
    return torch::where(inner(x), log_p, torch::full_like(log_p, kMinusInfinity)).detach();
  }

  std::shared_ptr<const Target> target_;
  CoordinateSpace space_;
  std::vector<std::string> names_;
  bool identity_;
};

}  // namespace

std::shared_ptr<const Target> make_transformed(std::shared_ptr<const Target> target, const SpaceOptions& options) {
  if (options.empty()) return target;
  if (target->sample_set().defined())
    throw UsageError("target.bounds, target.transform and target.variables belong to a density; '" + target->name() +
                     "' is a set of samples.");
  if (dynamic_cast<const TransformedTarget*>(target.get()))
    throw UsageError("target '" + target->name() + "' has bounds or names of its own: leave them out there or here.");
  return std::make_shared<TransformedTarget>(std::move(target), options);
}

}  // namespace scorefield::targets
