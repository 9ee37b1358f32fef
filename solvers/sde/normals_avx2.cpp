#include "solvers/sde/normals.inl"
#include "solvers/sde/normals_sets.hpp"

namespace scorefield::sde {

constinit const FillNormals kAvx2Normals = fill_normals;

}  // namespace scorefield::sde
