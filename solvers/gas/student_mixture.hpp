#pragma once

#include <cstdint>

#include "solvers/gas/mixture.hpp"

namespace scorefield::gas {

/// A mixture of multivariate Student t of four degrees of freedom in place of a mixture's Gaussians, wider by a factor,
/// and one much wider that covers all of them: what importance sampling draws from, because its tails are heavy.
class StudentMixture {
 public:
  explicit StudentMixture(const Mixture& gaussians);

  /// n draws, a pure function of (seed, stream).
  [[nodiscard]] Matrix draw(std::int64_t n, std::uint64_t seed, std::uint64_t stream) const;
  [[nodiscard]] Vector log_density(const Matrix& x) const;  ///< normalised

 private:
  std::vector<Mixture::Component> parts_;  ///< scale matrices in place of covariances
};

}  // namespace scorefield::gas
