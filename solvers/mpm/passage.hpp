#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "solvers/mpm/transfer.hpp"

namespace scorefield::mpm {

/// What a passage works on.
template <class T>
struct Passage {
  GridView<T> grid;  ///< where it is; `nodes` belong to whoever makes the passage
  std::int64_t node_count = 0;
  ParticleView<T> particles;
  std::int64_t count = 0;  ///< of particles
  int d = 0;
  Kick kick;
  T keep = 1;  ///< of the nodes' velocities: 1 / (1 + damping dt)
  Move<T> move{};
};

/// Where the particles are.
template <class T>
struct Whereabouts {
  std::vector<double> positions;  ///< [N, d]
  T box[6] = {};                  ///< least and largest coordinates; not finite where a particle's coordinate is not
};

/// Particles to the grid and back: what scatter, update and gather of Transfers do to all of them.
template <class T>
class GridPassage {
 public:
  virtual ~GridPassage() = default;
  /// `where` says where the particles are, and afterwards where they went.
  virtual void pass(const Passage<T>& passage, Whereabouts<T>& where) = 0;
};

/// The passages of a run, in the precision that it has; null: the fused ones.
struct Passages {
  std::shared_ptr<GridPassage<float>> single;
  std::shared_ptr<GridPassage<double>> wide;
};

}  // namespace scorefield::mpm
