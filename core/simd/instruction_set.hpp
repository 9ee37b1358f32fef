#pragma once

#include <string>
#include <vector>

namespace scorefield::simd {

/// What kernels are compiled for (cmake/ScorefieldTargets.cmake, scorefield_add_kernels), slowest first. On other
/// architectures than x86-64 there is the first one alone.
enum class InstructionSet { portable, x86_64_v3, x86_64_v4 };
inline constexpr int kInstructionSets = 3;

/// "portable", "x86-64-v3" or "x86-64-v4".
[[nodiscard]] const char* name(InstructionSet set);

/// The sets that this processor runs, slowest first.
[[nodiscard]] const std::vector<InstructionSet>& usable_instruction_sets();

/// The set of that name. @throws UsageError if there is none, or if this processor does not run it.
[[nodiscard]] InstructionSet usable_instruction_set(const std::string& name);

/// The set that all kernels run with: the last of usable_instruction_sets(), or the one that the environment variable
/// SCOREFIELD_ISA names. @throws UsageError as usable_instruction_set().
[[nodiscard]] InstructionSet instruction_set();

/// Chooses one of usable_instruction_sets() for all kernels from now on: for tests and benchmarks.
void select_instruction_set(InstructionSet set);

}  // namespace scorefield::simd
