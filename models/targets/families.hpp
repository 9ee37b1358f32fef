#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "models/targets/coordinate_space.hpp"
#include "models/targets/target.hpp"

namespace scorefield::targets {

/// The parameters of every analytic family, as a TOML file gives them; each family reads its own and ignores the rest.
struct FamilyOptions {
  std::string family = "gaussian";
  std::int64_t dimension = 2;
  std::vector<double> mean{};        ///< [d]; empty: 0
  std::vector<double> covariance{};  ///< [d * d], [d] (diagonal), one number, or empty: see correlation and condition
  double correlation = 0;            ///< C_ij = s_i s_j correlation^|i-j|
  double condition = 1;              ///< ratio of the largest to the smallest s_i^2, geometric, product 1
  std::vector<double> weights{};     ///< [m], any positive scale
  std::vector<double> means{};       ///< [m * d], mode after mode
  double scale = 1;                  ///< standard deviation of a mode, of a ring's width, of the funnel's neck
  double curvature = 0.25;           ///< banana: x2 = curvature (x1^2 - spread^2) + noise
  double spread = 2;                 ///< banana: standard deviation of x1
  std::vector<double> radii{};       ///< rings
  double nu = 5;                     ///< degrees of freedom
  double prior = 2;                  ///< logistic regression: standard deviation of the coefficients
  SpaceOptions space;                ///< bounds and names of the coordinates
};

void bind(OptionSet& set, FamilyOptions& options);

/// The families: gaussian, mixture, banana (pairs of coordinates), funnel, rings, student-t, logistic, eight-schools.
[[nodiscard]] const std::vector<std::string>& family_names();

/// @throws UsageError for an unknown family or parameters that do not fit each other
[[nodiscard]] std::shared_ptr<const Target> make_family(const FamilyOptions& options, const std::string& name);

}  // namespace scorefield::targets
