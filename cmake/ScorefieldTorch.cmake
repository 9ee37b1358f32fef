# LibTorch and OpenMP as imported targets. This build and, once installed, scorefieldConfig.cmake include this one file,
# so that a consumer finds them exactly as we did.

# Defines scorefield::torch (LibTorch >= 2.6, its headers as system headers) and in the caller SCOREFIELD_TORCH_VERSION,
# SCOREFIELD_TORCH_USED (the folder of its CMake files) and SCOREFIELD_TORCH_LIBRARY_DIR. Looked for in CMAKE_PREFIX_PATH, in SCOREFIELD_TORCH_FOLDER, in the usual
# places, and in `.venv` beside the sources, where scripts/setup puts it.
function(scorefield_find_torch)
  # LibTorch's configuration warns when it finds no separate Kineto archive, although the shared library already contains
  # it. A harmless system library in its place keeps that warning out of every configure.
  if(NOT DEFINED kineto_LIBRARY OR NOT kineto_LIBRARY)
    set(kineto_LIBRARY dl CACHE INTERNAL "Kineto is part of libtorch_cpu")
  endif()
  file(GLOB venv_folder "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake")
  find_package(Torch 2.6 REQUIRED HINTS ${SCOREFIELD_TORCH_FOLDER} PATHS ${venv_folder})
  if(NOT TARGET scorefield::torch)
    add_library(scorefield::torch INTERFACE IMPORTED GLOBAL)
    separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
    target_link_libraries(scorefield::torch INTERFACE ${TORCH_LIBRARIES})
    target_include_directories(scorefield::torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
    target_compile_options(scorefield::torch INTERFACE ${torch_flags})
  endif()
  set(SCOREFIELD_TORCH_VERSION "${Torch_VERSION}" PARENT_SCOPE)
  set(SCOREFIELD_TORCH_USED "${TORCH_INSTALL_PREFIX}/share/cmake" PARENT_SCOPE)
  set(SCOREFIELD_TORCH_LIBRARY_DIR "${TORCH_INSTALL_PREFIX}/lib" PARENT_SCOPE)
endfunction()

# Finds OpenMP with the runtime that LibTorch loads. Its Python packages carry their own libgomp; linking the compiler's
# beside it would put two runtimes, with two thread pools, into one process (or, where both are named libgomp.so.1,
# leave the choice to the order of the search path). Call it after scorefield_find_torch().
macro(scorefield_find_openmp)
  file(GLOB scorefield_torch_gomp "${SCOREFIELD_TORCH_LIBRARY_DIR}/libgomp*.so*")
  if(scorefield_torch_gomp)
    list(GET scorefield_torch_gomp 0 scorefield_torch_gomp)
    set(OpenMP_gomp_LIBRARY "${scorefield_torch_gomp}" CACHE FILEPATH "The OpenMP runtime that LibTorch uses"
        FORCE)
  endif()
  find_package(OpenMP REQUIRED)
endmacro()
