#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace scorefield::test {

/// The target of arXiv 2405.17075's experiments: equal Gaussians with random means at distance 20 of the origin and
/// covariances D + P P^T, D diagonal from U(.5, 5), P [d, 10] from U(0, 1).
class ThreeGaussians {
 public:
  explicit ThreeGaussians(std::size_t d) : d_(d), mean_(3 * d), diagonal_(3 * d), factor_(30 * d) {
    for (std::size_t k = 0; k < 3; ++k) {
      const Philox random(77, k);
      double norm = 0;
      for (std::size_t c = 0; c < d; ++c) {
        mean_[k * d + c] = random.normals(c)[0];
        norm += mean_[k * d + c] * mean_[k * d + c];
        diagonal_[k * d + c] = 0.5 + 4.5 * random.uniforms(100'000 + c)[0];
        for (std::size_t q = 0; q < 10; ++q) factor_[(k * d + c) * 10 + q] = random.uniforms(200'000 + c * 10 + q)[0];
      }
      for (std::size_t c = 0; c < d; ++c) mean_[k * d + c] *= 20 / std::sqrt(norm);
    }
  }

  /// [n, d]
  [[nodiscard]] std::vector<double> draw(std::size_t n, std::uint64_t stream) const {
    std::vector<double> y(n * d_);
    const Philox random(5, stream);
    std::uint64_t index = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = random.integer(index++, 3);
      double shared[10];
      for (double& value : shared) value = random.normals(index++)[0];
      for (std::size_t c = 0; c < d_; ++c) {
        double value = mean_[k * d_ + c] + std::sqrt(diagonal_[k * d_ + c]) * random.normals(index++)[0];
        for (std::size_t q = 0; q < 10; ++q) value += factor_[(k * d_ + c) * 10 + q] * shared[q];
        y[i * d_ + c] = value;
      }
    }
    return y;
  }

 private:
  std::size_t d_;
  std::vector<double> mean_, diagonal_, factor_;
};

}  // namespace scorefield::test
