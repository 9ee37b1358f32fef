#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "solvers/sde/system.hpp"

namespace scorefield::problems {

/// A drift that a configuration file can ask for by name.
struct BuiltinDrift {
  struct Parameter {
    std::string name;
    double value;  ///< default
    std::string help;
  };
  std::string name;
  std::string formula;
  std::vector<Parameter> parameters;
  std::vector<std::string> coordinates;  ///< names, which fix the dimension; empty: any dimension, x1 .. xd
  std::int64_t default_dimension = 0;    ///< where any is possible
  double period = 0;                     ///< of every coordinate; 0: not periodic
  sde::Drift (*make)(std::int64_t dimension,
                     const std::vector<double>& values);  ///< values in the order of `parameters`
};

/// linear, ornstein-uhlenbeck, double-well, van-der-pol, lorenz, lorenz-96, kuramoto.
[[nodiscard]] const std::vector<BuiltinDrift>& builtin_drifts();

/// @throws UsageError naming the nearest one
[[nodiscard]] const BuiltinDrift& builtin_drift(const std::string& name);

}  // namespace scorefield::problems
