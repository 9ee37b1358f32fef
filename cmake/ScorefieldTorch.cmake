# LibTorch and OpenMP as imported targets. This build and, once installed, scorefieldConfig.cmake include this one file,
# so that a consumer finds them exactly as we did.

# Defines scorefield::torch (LibTorch >= 2.6, its headers as system headers) and in the caller SCOREFIELD_TORCH_VERSION,
# SCOREFIELD_TORCH_USED (the folder of its CMake files) and SCOREFIELD_TORCH_LIBRARY_DIR. Looked for in CMAKE_PREFIX_PATH,
# in SCOREFIELD_TORCH_FOLDER, in the usual places, and in `.venv` beside the sources, where scripts/setup puts it.
#
# LibTorch's own package file is read, not run: that of a CUDA wheel demands a CUDA toolkit even for use on the CPU, and
# that of a CPU wheel warns about a library that it does not need.
function(scorefield_find_torch)
  file(GLOB venv_folder "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake")
  find_file(config TorchConfig.cmake NO_CACHE
    HINTS ${SCOREFIELD_TORCH_FOLDER} PATHS ${venv_folder}
    PATH_SUFFIXES Torch share/cmake/Torch lib/cmake/Torch lib64/cmake/Torch torch/share/cmake/Torch)
  if(NOT config)
    message(FATAL_ERROR "LibTorch was not found. Name the folder that holds its TorchConfig.cmake in CMAKE_PREFIX_PATH or "
                        "SCOREFIELD_TORCH_FOLDER, or let scripts/setup install it.")
  endif()
  cmake_path(GET config PARENT_PATH config_folder)
  cmake_path(GET config_folder PARENT_PATH cmake_folder)
  cmake_path(SET prefix NORMALIZE "${cmake_folder}/../..")
  string(REGEX REPLACE "/$" "" prefix "${prefix}")
  include("${config_folder}/TorchConfigVersion.cmake")
  if(PACKAGE_VERSION VERSION_LESS 2.6)
    message(FATAL_ERROR "LibTorch ${PACKAGE_VERSION} in ${prefix} is too old: 2.6 or newer is needed.")
  endif()
  message(STATUS "LibTorch ${PACKAGE_VERSION}: ${prefix}")
  if(NOT TARGET scorefield::torch)
    scorefield_import_torch("${prefix}" "${config}")
  endif()
  set(SCOREFIELD_TORCH_VERSION "${PACKAGE_VERSION}" PARENT_SCOPE)
  set(SCOREFIELD_TORCH_USED "${cmake_folder}" PARENT_SCOPE)
  set(SCOREFIELD_TORCH_LIBRARY_DIR "${prefix}/lib" PARENT_SCOPE)
endfunction()

# The imported target of the LibTorch below `prefix`, whose package file is `config`.
function(scorefield_import_torch prefix config)
  file(READ "${config}" config_text)
  add_library(scorefield::torch INTERFACE IMPORTED GLOBAL)
  target_include_directories(scorefield::torch SYSTEM INTERFACE
    "${prefix}/include" "${prefix}/include/torch/csrc/api/include")
  if(config_text MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    message(FATAL_ERROR "LibTorch in ${prefix} was built with the old string ABI of GCC, with which no other C++ library "
                        "of a current distribution can be linked: take a build with the C++11 ABI.")
  endif()
  if(EXISTS "${prefix}/include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp")
    target_compile_definitions(scorefield::torch INTERFACE USE_C10D_GLOO USE_DISTRIBUTED USE_RPC USE_TENSORPIPE)
  endif()
  # libstdc++ comes first: the libtorch.so of CUDA wheels exports std::filesystem symbols of its own, another
  # release's, and a program that binds to those dies in std::filesystem::remove_all.
  target_link_libraries(scorefield::torch INTERFACE -Wl,--no-as-needed stdc++)
  foreach(library torch_cpu torch c10)
    find_library(file_of_${library} ${library} PATHS "${prefix}/lib" NO_DEFAULT_PATH NO_CACHE REQUIRED)
    target_link_libraries(scorefield::torch INTERFACE "${file_of_${library}}")
  endforeach()
  target_link_libraries(scorefield::torch INTERFACE -Wl,--as-needed)
  foreach(library torch_cuda c10_cuda)
    find_library(file_of_${library} ${library} PATHS "${prefix}/lib" NO_DEFAULT_PATH NO_CACHE)
    if(file_of_${library})
      # Their own dependencies come from other Python packages or from the driver, found when the program starts.
      target_link_libraries(scorefield::torch INTERFACE "${file_of_${library}}" -Wl,--allow-shlib-undefined)
    endif()
  endforeach()
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
