# The one place that says how a scorefield target is built.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)  # the installed binary finds LibTorch where the build found it

find_program(SCOREFIELD_CCACHE ccache)
if(SCOREFIELD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header is reused by ccache only when these differences are declared harmless.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${SCOREFIELD_CCACHE})
endif()

# A source with options of its own does without the precompiled header; GCC says so from release 13 on.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  set(CMAKE_PCH_WARN_INVALID OFF)
endif()

add_library(scorefield_build_flags INTERFACE)
target_compile_options(scorefield_build_flags INTERFACE -Wall -Wextra -Wno-psabi)
if(SCOREFIELD_WERROR)
  target_compile_options(scorefield_build_flags INTERFACE -Werror)
endif()
if(SCOREFIELD_SANITIZE)
  # vptr is left out: it needs the type information of LibTorch's classes, which its libraries do not export.
  set(sanitizers -fsanitize=address,undefined -fno-sanitize=vptr)
  if(SCOREFIELD_SANITIZE STREQUAL "thread")
    set(sanitizers -fsanitize=thread)
  elseif(SCOREFIELD_SANITIZE STREQUAL "fuzz")
    list(APPEND sanitizers -fsanitize=fuzzer-no-link)
  endif()
  # Little optimisation: above it, GCC takes ten times as long over checked kernels.
  target_compile_options(scorefield_build_flags INTERFACE
    ${sanitizers} -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g1)
  target_link_options(scorefield_build_flags INTERFACE ${sanitizers})
endif()
if(SCOREFIELD_COVERAGE)
  target_compile_options(scorefield_build_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(scorefield_build_flags INTERFACE --coverage)
endif()

# scorefield_add_library(NAME SOURCES a.cpp ... [PUBLIC dep ...] [PRIVATE dep ...] [PLAIN b.cpp ...] [TORCH] [BATCH n])
# TORCH: SOURCES use LibTorch through the one precompiled header, built once in scorefield_pch; PLAIN are those of the
# library that include no LibTorch header and so compile in a fraction of the time without it.
# BATCH: SOURCES go through the compiler n at a time, where what they include costs more than what they say. File-local
# names of a library must then differ. PLAIN sources stay alone: a list of classes must not see their definitions.
function(scorefield_add_library name)
  cmake_parse_arguments(arg "TORCH" "BATCH" "SOURCES;PLAIN;PUBLIC;PRIVATE" ${ARGN})
  add_library(scorefield_${name} STATIC ${arg_SOURCES} ${arg_PLAIN})
  set_source_files_properties(${arg_PLAIN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  add_library(scorefield::${name} ALIAS scorefield_${name})
  set_target_properties(scorefield_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(scorefield_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/scorefield>)
  target_compile_features(scorefield_${name} PUBLIC cxx_std_20)
  target_link_libraries(scorefield_${name}
    PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:scorefield_build_flags>)
  if(arg_TORCH)
    target_link_libraries(scorefield_${name} PUBLIC scorefield::torch)
    scorefield_use_pch(scorefield_${name})
    if(NOT arg_BATCH)
      set(arg_BATCH 6)  # GCC spends 5 s on the precompiled header's templates, whatever the source
    endif()
  endif()
  if(arg_BATCH)
    set_target_properties(scorefield_${name} PROPERTIES UNITY_BUILD ${SCOREFIELD_UNITY} UNITY_BUILD_BATCH_SIZE ${arg_BATCH})
    set_source_files_properties(${arg_PLAIN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  set_property(GLOBAL APPEND PROPERTY SCOREFIELD_LIBRARIES scorefield_${name})
endfunction()

# scorefield_add_kernels(NAME EXACT|FUSED source.cpp): compiles a source of the library once per instruction set, as namespace
# SCOREFIELD_ISA; core/simd/kernel_table.hpp chooses among them at run time. No fast-math, so NaN still shows.
# EXACT: no contraction, all sets give the same bits. The other two flags only let loops vectorise; no loop there looks at
# errno or at floating-point exceptions.
# FUSED: a*b+c becomes a fused multiply-add where the set has one, on purpose; every set rounds in its own way.
function(scorefield_add_kernels name arithmetic source)
  set(EXACT_flags -ffp-contract=off -fno-math-errno -fno-trapping-math)
  set(FUSED_flags -O3 -ffp-contract=fast -fno-math-errno)
  set(portable_flags)
  set(x86_64_v3_flags -march=x86-64-v3)
  set(x86_64_v4_flags -march=x86-64-v4)
  set(x86_64_v4_EXACT_flags -mprefer-vector-width=512)
  set(sets portable)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND sets x86_64_v3 x86_64_v4)
    set(portable_flags -march=x86-64-v2)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      list(APPEND x86_64_v4_flags -Wno-maybe-uninitialized)  # its own AVX-512 headers (GCC bug 105593)
    endif()
  endif()
  foreach(set ${sets})
    set(object scorefield_${name}_${set})
    add_library(${object} OBJECT ${source})
    target_include_directories(${object} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${object} PRIVATE SCOREFIELD_ISA=${set})
    target_link_libraries(${object} PRIVATE scorefield_build_flags)
    target_compile_options(${object} PRIVATE ${${arithmetic}_flags} ${${set}_flags} ${${set}_${arithmetic}_flags})
    target_sources(scorefield_${name} PRIVATE $<TARGET_OBJECTS:${object}>)
  endforeach()
endfunction()

# The precompiled header that every LibTorch target shares.
function(scorefield_use_pch target)
  if(NOT TARGET scorefield_pch)
    add_library(scorefield_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
    target_link_libraries(scorefield_pch PRIVATE scorefield::torch scorefield_build_flags OpenMP::OpenMP_CXX)
    # Not <torch/torch.h>: GCC repeats a precompiled header's pending template instantiations in every source, 11 s each for
    # that one and 5 s for these three, which are all that we use.
    target_precompile_headers(scorefield_pch PRIVATE
      <torch/autograd.h> <torch/cuda.h> <torch/nn/module.h> <string> <vector>)
  endif()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:OpenMP::OpenMP_CXX>)
  target_precompile_headers(${target} REUSE_FROM scorefield_pch)
  # An executable would be compiled -fPIE, for which GCC rejects a header precompiled with -fPIC.
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()

# The precompiled GoogleTest of the tests that do not use LibTorch; compiled like them.
function(scorefield_use_test_pch target)
  if(NOT TARGET scorefield_test_pch)
    add_library(scorefield_test_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
    target_link_libraries(scorefield_test_pch PRIVATE
      GTest::gtest GTest::gmock scorefield_build_flags scorefield_test_flags OpenMP::OpenMP_CXX)
    set_target_properties(scorefield_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(scorefield_test_pch PRIVATE -fPIE)
    target_precompile_headers(scorefield_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <string> <vector>)
  endif()
  target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
  target_precompile_headers(${target} REUSE_FROM scorefield_test_pch)
endfunction()

# For code that only calls the loops of other libraries (ours, LibTorch): optimising it would take longer than it runs.
add_library(scorefield_brief_flags INTERFACE)
target_compile_options(scorefield_brief_flags INTERFACE $<$<CONFIG:Release>:-O1>)

# Tests are compiled often and run briefly, and what they call is optimised in its own library.
add_library(scorefield_test_flags INTERFACE)
target_link_libraries(scorefield_test_flags INTERFACE scorefield_brief_flags)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms of GCC 12 about inlined string concatenation (GCC bug 105651).
  target_compile_options(scorefield_test_flags INTERFACE -Wno-restrict -Wno-array-bounds)
endif()

# Whether a target links LibTorch, itself or through others.
function(scorefield_links_torch target result)
  set(${result} FALSE PARENT_SCOPE)
  if(target STREQUAL "scorefield::torch")
    set(${result} TRUE PARENT_SCOPE)
  elseif(TARGET ${target})
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link ${links})
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
      scorefield_links_torch("${link}" found)
      if(found)
        set(${result} TRUE PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endif()
endfunction()

# scorefield_add_test(NAME SOURCES a.cpp ... LINK dep ... LABELS unit|physics|failure|cli ... [SLOW FILTER] [TORCH])
# SLOW: tests that take seconds, as a filter of GoogleTest ("Suite.*:Other.Test"); they get the label slow as well.
# Unit and failure tests that link no LibTorch are also built by scorefield_plain_tests, for the sanitizers.
function(scorefield_add_test name)
  cmake_parse_arguments(arg "TORCH" "TIMEOUT;SLOW" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest GTest::gmock GTest::gtest_main
                        scorefield_build_flags scorefield_test_flags)
  if(arg_TORCH)
    scorefield_use_pch(${name})
  else()
    scorefield_use_test_pch(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(arg_SLOW)
    gtest_discover_tests(${name} TEST_FILTER "${arg_SLOW}" TEST_LIST ${name}_slow DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
    set(others TEST_FILTER "-${arg_SLOW}")
    # gtest_discover_tests takes no second label.
    set(labels ${CMAKE_CURRENT_BINARY_DIR}/${name}_slow.cmake)
    file(WRITE ${labels} "if(${name}_slow)
  set_tests_properties(\${${name}_slow} PROPERTIES LABELS \"${arg_LABELS};slow\")
endif()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels})
  endif()
  gtest_discover_tests(${name} ${others} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  set(uses_torch ${arg_TORCH})
  foreach(link ${arg_LINK})
    scorefield_links_torch(${link} found)
    if(found)
      set(uses_torch TRUE)
    endif()
  endforeach()
  if(NOT uses_torch AND arg_LABELS MATCHES "unit|failure")
    if(NOT TARGET scorefield_plain_tests)
      add_custom_target(scorefield_plain_tests)
    endif()
    add_dependencies(scorefield_plain_tests ${name})
  endif()
endfunction()
