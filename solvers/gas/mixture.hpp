#pragma once

#include <cstdint>
#include <vector>

#include "solvers/gas/cloud.hpp"

namespace scorefield::gas {

/// A mixture of Gaussians fitted to a cloud: what proposes far moves and says what a cluster is.
class Mixture {
 public:
  struct Component {
    double weight = 1;
    Vector mean;
    Matrix covariance, factor;     ///< lower Cholesky factor
    double log_normalisation = 0;  ///< log weight - log sqrt det(2 pi C)
  };

  /// What the components' covariances have in common: nothing, or their shape, C_k = lambda_k C, for which far fewer
  /// points suffice.
  enum class Shape { own, common };

  /// One Gaussian with the cloud's moments.
  [[nodiscard]] static Mixture single(const Matrix& x);
  /// Expectation-maximisation from a first guess; covariances are shrunk a little towards their diagonal, and a
  /// component with fewer than 2 d + 2 points (of a common shape: 8) dissolves.
  [[nodiscard]] static Mixture refine(const Matrix& x, Mixture mixture);
  [[nodiscard]] static Mixture refine(const Matrix& x, Mixture mixture, Shape shape);
  /// Splits components along the direction in which they fall apart best, while the Bayesian information criterion
  /// gains: with covariances of their own, where those are too many numbers for the points with a common shape.
  [[nodiscard]] static Mixture choose(const Matrix& x, std::int64_t most);
  /// Weights, means and covariances of any number of components, into a checkpoint or back.
  void exchange(StateArchive& archive, std::int64_t d);
  /// From weights, means and covariances.
  [[nodiscard]] static Mixture from(std::vector<Component> components);

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(components_.size()); }
  [[nodiscard]] const std::vector<Component>& components() const { return components_; }
  [[nodiscard]] Shape shape() const { return shape_; }
  /// log of weight times density of every component, [K, n].
  [[nodiscard]] Matrix log_parts(const Matrix& x) const;
  [[nodiscard]] Vector log_density(const Matrix& x) const;
  /// n draws, a pure function of (seed, stream).
  [[nodiscard]] Matrix draw(std::int64_t n, std::uint64_t seed, std::uint64_t stream) const;
  /// sum of weight times covariance: how wide the cloud is inside its clusters.
  [[nodiscard]] Matrix inner_covariance() const;
  [[nodiscard]] Matrix inner_factor() const;  ///< its Cholesky factor

 private:
  void finish();
  [[nodiscard]] static Mixture split(const Matrix& x, const Mixture& mixture, Shape shape, double& least);
  std::vector<Component> components_;
  Shape shape_ = Shape::own;
};

/// log sum exp down the columns.
[[nodiscard]] Vector log_sum_columns(const Matrix& parts);

}  // namespace scorefield::gas
