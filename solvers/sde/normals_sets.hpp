#pragma once

#include "solvers/sde/normals.hpp"

namespace scorefield::sde {

// One source file each, built for that instruction set (CMakeLists.txt).
extern const FillNormals kBaselineNormals;
extern const FillNormals kAvx2Normals;
extern const FillNormals kAvx512Normals;

}  // namespace scorefield::sde
