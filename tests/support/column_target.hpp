#pragma once

#include "solvers/gas/tempered.hpp"

namespace scorefield::test {

/// A gas's target of a density: density(x, score) is log p at one column and fills in its score.
template <class Density>
gas::Evaluator target(Density density) {
  return [density](gas::Cloud& cloud, bool with_score) {
    cloud.log_p.resize(cloud.count());
    if (with_score) cloud.score.resize(cloud.dimension(), cloud.count());
    for (Eigen::Index i = 0; i < cloud.count(); ++i) {
      gas::Vector score;
      cloud.log_p[i] = density(gas::Vector(cloud.x.col(i)), score);
      if (with_score) cloud.score.col(i) = score;
    }
  };
}

}  // namespace scorefield::test
