#include "models/targets/mixture.hpp"

#include <torch/utils.h>

#include <cmath>
#include <numbers>
#include <tuple>

#include "core/error.hpp"
#include "models/targets/autograd_target.hpp"
#include "models/targets/draws.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

/// Lower Cholesky factor. @throws UsageError
Tensor mixture_factor(const std::string& name, const Tensor& covariance) {
  const auto [factor, info] = at::linalg_cholesky_ex(covariance);
  if (info.item<int>() != 0 || !at::allclose(covariance, covariance.t()))
    throw UsageError("target '" + name + "': the covariance is not symmetric positive definite.");
  return factor;
}

/// What both families share: y = L^-1 (x - mean) of every row.
class Elliptic : public AutogradTarget {
 public:
  Elliptic(std::string name, const Tensor& covariance)
      : name_(std::move(name)), covariance_(covariance.clone()), factor_(mixture_factor(name_, covariance)) {
    const auto d = covariance.size(0);
    whitening_ = at::linalg_solve_triangular(factor_, torch::eye(d, torch::kFloat64), false).t().contiguous();
    log_determinant_ = factor_.diagonal().log().sum().item<double>();
  }
  [[nodiscard]] std::int64_t dimension() const override { return covariance_.size(0); }
  [[nodiscard]] std::string name() const override { return name_; }

 protected:
  std::string name_;
  Tensor covariance_, factor_;
  Tensor whitening_;  ///< L^-T
  double log_determinant_ = 0;
};

class Mixture final : public Elliptic {
 public:
  Mixture(const std::string& name, const Tensor& weights, const Tensor& means, const Tensor& covariance)
      : Elliptic(name, covariance), weights_((weights / weights.sum()).contiguous()), means_(means.clone()) {
    white_means_ = torch::mm(means_, whitening_);
    const double d = static_cast<double>(dimension());
    log_weights_ = weights_.log() - (0.5 * d * std::log(2 * std::numbers::pi) + log_determinant_);
  }

  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    auto x = torch::mm(normal_draws(n, dimension(), seed, 1), factor_.t());
    const auto u = uniform_draws(n, 1, seed, 2).select(1, 0).contiguous();
    const auto mode = at::searchsorted(weights_.cumsum(0).slice(0, 0, weights_.size(0) - 1).contiguous(), u);
    return x + means_.index_select(0, mode);
  }

  [[nodiscard]] Truth truth() const override {
    Truth truth;
    truth.mean = torch::mv(means_.t(), weights_);
    const auto centred = means_ - truth.mean;
    truth.covariance = covariance_ + torch::mm(centred.t() * weights_, centred);
    if (weights_.size(0) > 1) {
      truth.modes = means_;
      truth.mode_weights = weights_;
    }
    return truth;
  }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override {
    const auto options = x.options();
    const auto y = torch::mm(x, whitening_.to(options));
    if (means_.size(0) == 1) {
      const auto z = y - white_means_.to(options);
      return log_weights_.to(options) - 0.5 * (z * z).sum(1);
    }
    const auto z = y.unsqueeze(1) - white_means_.to(options);
    return torch::logsumexp(log_weights_.to(options) - 0.5 * (z * z).sum(2), 1);
  }

 private:
  Tensor weights_, means_, white_means_, log_weights_;
};

class Student final : public Elliptic {
 public:
  Student(const std::string& name, const Tensor& location, const Tensor& scale_matrix, double nu)
      : Elliptic(name, scale_matrix), location_(location.clone()), nu_(nu) {}

  /// Normal over the root of an independent chi^2/nu, as a ratio of normals where nu is an integer.
  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    if (nu_ != std::floor(nu_)) return {};
    const auto z = torch::mm(normal_draws(n, dimension(), seed, 1), factor_.t());
    const auto chi2 = normal_draws(n, static_cast<std::int64_t>(nu_), seed, 2).square().sum(1, true);
    return location_ + z * (nu_ / chi2).sqrt();
  }

  [[nodiscard]] Truth truth() const override {
    Truth truth;
    truth.mean = location_;
    if (nu_ > 2) truth.covariance = covariance_ * (nu_ / (nu_ - 2));
    return truth;
  }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override {
    const auto y = torch::mm(x - location_.to(x.options()), whitening_.to(x.options()));
    return -0.5 * (nu_ + static_cast<double>(dimension())) * torch::log1p((y * y).sum(1) / nu_);
  }

 private:
  Tensor location_;
  double nu_;
};

}  // namespace

std::shared_ptr<const Target> make_mixture(const std::string& name, const Tensor& weights, const Tensor& means,
                                           const Tensor& covariance) {
  return std::make_shared<Mixture>(name, weights, means, covariance);
}

std::shared_ptr<const Target> make_student(const std::string& name, const Tensor& location, const Tensor& scale_matrix,
                                           double nu) {
  return std::make_shared<Student>(name, location, scale_matrix, nu);
}

}  // namespace scorefield::targets
