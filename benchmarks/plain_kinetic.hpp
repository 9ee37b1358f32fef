#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solvers/pic/loading.hpp"
#include "solvers/pic3d/loading.hpp"
#include "solvers/vlasov/options.hpp"

namespace scorefield::benchmarks {

/// What one writes first: a loop over the particles, one after the other, with positions as numbers and a grid that the
/// charges are added to. The references of the kinetic benchmarks; compiled like any source, on one thread.
class PlainPic {
 public:
  PlainPic(const pic::Particles& particles, std::int64_t cells, double box_length, double dt, double mu);
  void advance();

 private:
  std::int64_t cells_;
  float box_, dt_;
  double mu_;
  std::vector<float> x_, v_, charge_;
  std::vector<double> density_, field_;
};

/// Of the particles alone, in a fixed field: the solver's transforms would be shared anyway.
class PlainPic3d {
 public:
  PlainPic3d(const pic3d::Particles& particles, std::int64_t cells, double box_length, double dt);
  void advance();

 private:
  std::int64_t cells_;
  float box_, dt_;
  std::vector<float> state_;  ///< [N, 6]
  std::vector<float> field_;  ///< [n, n, n, 3]
  std::vector<float> charge_;
};

/// The same splitting and stencils, node after node, index arithmetic in the innermost loop.
class PlainVlasov {
 public:
  PlainVlasov(const vlasov::VlasovOptions& grid, std::span<const double> values, std::span<const double> velocity,
              double box_length, double mu);
  void advance();

 private:
  std::int64_t cells_, velocities_, degree_;
  double box_, dt_, mu_;
  std::vector<double> f_, g_, velocity_, density_, field_;
};

}  // namespace scorefield::benchmarks
