#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/options.hpp"

namespace scorefield::gas {

/// The isothermal gas with an affine velocity field, in the cloud's whitened coordinates z: dz/dt = (E[s z^T] + I) z +
/// E[s]. Exact and without noise for an elliptic target; wrong on anything else, which G = E[|s|^2]/d (1 for an
/// elliptic target) tells when the cloud has come to rest. Or the sliced gas: one-dimensional grids along a random
/// frame each step.
class Affine {
 public:
  Affine(const Matrix& initial, const AffineOptions& options, std::uint64_t seed, Evaluator evaluate);

  /// @throws UsageError when the cloud has come to rest and the validity test fails
  void step(bool last);
  [[nodiscard]] bool converged() const { return converged_; }
  [[nodiscard]] const Matrix& particles() const { return cloud_.x; }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const;
  /// The state, into a checkpoint or back.
  void exchange(StateArchive& archive);

 private:
  void affine_step(const Matrix& z, const Matrix& s, const Matrix& factor);
  void sliced_step(const Matrix& z, const Matrix& s, const Matrix& factor);
  void test_validity(double largest) const;

  AffineOptions options_;
  std::uint64_t seed_;
  Evaluator evaluate_;
  Cloud cloud_;
  double G_ = 0, speed_ = 0;
  std::int64_t iteration_ = 0;
  bool converged_ = false;
};

}  // namespace scorefield::gas
