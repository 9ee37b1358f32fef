#pragma once

#include "solvers/pic3d/loading.hpp"

namespace scorefield::pic3d {

/// Sorts particles by cell (x slowest, z fastest), those of one cell keeping their order: a counting sort over fixed
/// blocks of particles, the same for any number of threads. `spare` is work space of any size; it is left with the old
/// order.
void sort_by_cell(Particles& particles, Particles& spare, int log_cells);

}  // namespace scorefield::pic3d
