# `cmake --install`: the binary, the libraries with their headers, and the package that find_package(scorefield) finds.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/scorefield)
get_property(libraries GLOBAL PROPERTY SCOREFIELD_LIBRARIES)

# CMAKE_INSTALL_RPATH_USE_LINK_PATH leaves out folders below the sources, where `.venv` with its LibTorch may be.
set_target_properties(scorefield PROPERTIES INSTALL_RPATH "${SCOREFIELD_TORCH_LIBRARY_DIR}")
install(TARGETS scorefield RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${libraries} EXPORT scorefieldTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT scorefieldTargets NAMESPACE scorefield:: DESTINATION ${package_dir})

# Headers keep their folders, so that `#include "solvers/pic/simulation.hpp"` means the same inside and outside.
foreach(folder benchmarks core data models solvers training)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/scorefield
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
# What a user's own density implements: plain C, found without a path.
install(FILES ${PROJECT_SOURCE_DIR}/models/targets/scorefield_density.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/scorefieldConfig.cmake.in ${PROJECT_BINARY_DIR}/scorefieldConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/scorefieldConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/scorefieldConfig.cmake ${PROJECT_BINARY_DIR}/scorefieldConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/ScorefieldTorch.cmake
        DESTINATION ${package_dir})
