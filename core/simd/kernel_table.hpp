#pragma once

#include "core/simd/instruction_set.hpp"

// What a library's kernels are reached through. Sources that are compiled once per instruction set include this: plain
// types only, since a template of the standard library instantiated there could end up, with wide instructions, in
// another file's code.

namespace scorefield::simd {

/// One struct of kernels (function pointers), as built for each instruction set.
template <class Kernels>
struct KernelTable {
  const Kernels* built[kInstructionSets];  ///< null where this architecture has no such set

  [[nodiscard]] const Kernels& operator[](InstructionSet set) const { return *built[static_cast<int>(set)]; }
  /// Those of the set that is in use.
  [[nodiscard]] const Kernels& chosen() const { return (*this)[instruction_set()]; }
};

}  // namespace scorefield::simd

/// In a library's namespace: declares `const Kernels table` in one more namespace for each instruction set, and the
/// simd::KernelTable of them under the same name. The library's one source of kernels (scorefield_add_kernels) says, as
/// often as there are sets, `namespace SCOREFIELD_ISA { constinit const Kernels table = {...}; }`.
#ifdef __x86_64__
#define SCOREFIELD_KERNEL_TABLE(Kernels, table)                     \
  namespace portable {                                              \
  extern const Kernels table;                                       \
  }                                                                 \
  namespace x86_64_v3 {                                             \
  extern const Kernels table;                                       \
  }                                                                 \
  namespace x86_64_v4 {                                             \
  extern const Kernels table;                                       \
  }                                                                 \
  inline constexpr ::scorefield::simd::KernelTable<Kernels> table { \
    { &portable::table, &x86_64_v3::table, &x86_64_v4::table }      \
  }
#else
#define SCOREFIELD_KERNEL_TABLE(Kernels, table)                     \
  namespace portable {                                              \
  extern const Kernels table;                                       \
  }                                                                 \
  inline constexpr ::scorefield::simd::KernelTable<Kernels> table { \
    { &portable::table, nullptr, nullptr }                          \
  }
#endif
