#include "models/targets/shapes.hpp"

#include <torch/utils.h>

#include <cmath>
#include <numbers>

#include "models/targets/autograd_target.hpp"
#include "models/targets/draws.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

class NamedShape : public AutogradTarget {
 public:
  NamedShape(std::string name, std::int64_t dimension) : name_(std::move(name)), dimension_(dimension) {}
  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  std::string name_;
  std::int64_t dimension_;
};

class Banana final : public NamedShape {
 public:
  Banana(const std::string& name, std::int64_t dimension, double curvature, double spread, double scale)
      : NamedShape(name, dimension), curvature_(curvature), spread_(spread), scale_(scale) {}

  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    const auto z = normal_draws(n, dimension(), seed, 1).view({n, -1, 2});
    const auto x1 = spread_ * z.select(2, 0);
    const auto x2 = curvature_ * (x1 * x1 - spread_ * spread_) + scale_ * z.select(2, 1);
    return torch::stack({x1, x2}, 2).view({n, dimension()});
  }

  [[nodiscard]] Truth truth() const override {
    Truth truth;
    truth.mean = torch::zeros({dimension()}, torch::kFloat64);
    const double s2 = spread_ * spread_;
    const auto pair = torch::tensor({s2, scale_ * scale_ + 2 * curvature_ * curvature_ * s2 * s2}, torch::kFloat64);
    truth.covariance = torch::diag(pair.repeat({dimension() / 2}));
    return truth;
  }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override {
    const auto pairs = x.view({x.size(0), -1, 2});
    const auto x1 = pairs.select(2, 0), x2 = pairs.select(2, 1);
    const auto across = (x2 - curvature_ * (x1 * x1 - spread_ * spread_)) / scale_;
    return -0.5 * (x1 * x1 / (spread_ * spread_) + across * across).sum(1);
  }

 private:
  double curvature_, spread_, scale_;
};

class Funnel final : public NamedShape {
 public:
  Funnel(const std::string& name, std::int64_t dimension) : NamedShape(name, dimension) {}

  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    const auto z = normal_draws(n, dimension(), seed, 1);
    const auto v = 3 * z.slice(1, 0, 1);
    return torch::cat({v, z.slice(1, 1) * (v / 2).exp()}, 1);
  }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override {
    const auto v = x.select(1, 0);
    const auto others = x.slice(1, 1).square().sum(1);
    const double count = static_cast<double>(dimension() - 1);
    return -v * v / 18 - 0.5 * others * (-v).exp() - 0.5 * count * v;
  }
};

class Rings final : public NamedShape {
 public:
  Rings(const std::string& name, const std::vector<double>& radii, const std::vector<double>& weights, double scale)
      : NamedShape(name, 2), radii_(torch::tensor(radii, torch::kFloat64)), scale_(scale) {
    weights_ = weights.empty() ? torch::ones_like(radii_) : torch::tensor(weights, torch::kFloat64);
    weights_ = weights_ / weights_.sum();
  }

  /// The density of the radius is r p(r): rejection from its Gaussian with the ratio r / (R + 5 scale).
  [[nodiscard]] Tensor draw(std::int64_t n, std::uint64_t seed) const override {
    const double largest = radii_.max().item<double>() + 5 * scale_;
    auto radius = torch::empty({0}, torch::kFloat64);
    for (std::uint64_t round = 1; radius.size(0) < n; ++round) {
      const auto u = uniform_draws(4 * n, 2, seed, 2 * round);
      // The share of a ring is its weight times its radius.
      const auto share = (weights_ / weights_.sum()).cumsum(0).slice(0, 0, radii_.size(0) - 1).contiguous();
      const auto ring = at::searchsorted(share, u.select(1, 0).contiguous());
      const auto r = radii_.index_select(0, ring) + scale_ * normal_draws(4 * n, 1, seed, 2 * round + 1).select(1, 0);
      const auto keep = (u.select(1, 1) * largest < r).nonzero().select(1, 0);
      radius = torch::cat({radius, r.index_select(0, keep)});
    }
    radius = radius.slice(0, 0, n);
    const auto angle = 2 * std::numbers::pi * uniform_draws(n, 1, seed, 1).select(1, 0);
    return torch::stack({radius * angle.cos(), radius * angle.sin()}, 1);
  }

 protected:
  [[nodiscard]] Tensor expression(const Tensor& x) const override {
    const auto r = (x.square().sum(1) + 1e-12).sqrt().unsqueeze(1);
    const auto z = (r - radii_.to(x.options())) / scale_;
    return torch::logsumexp(weights_.to(x.options()).log() - 0.5 * z * z, 1);
  }

 private:
  Tensor radii_, weights_;
  double scale_;
};

}  // namespace

std::shared_ptr<const Target> make_banana(const std::string& name, std::int64_t dimension, double curvature,
                                          double spread, double scale) {
  return std::make_shared<Banana>(name, dimension, curvature, spread, scale);
}

std::shared_ptr<const Target> make_funnel(const std::string& name, std::int64_t dimension) {
  return std::make_shared<Funnel>(name, dimension);
}

std::shared_ptr<const Target> make_rings(const std::string& name, const std::vector<double>& radii,
                                         const std::vector<double>& weights, double scale) {
  return std::make_shared<Rings>(name, radii, weights, scale);
}

}  // namespace scorefield::targets
