#include "core/simd/instruction_set.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::simd {
namespace {

#if defined(__x86_64__)
#ifdef __clang__  // up to release 17 without names for the levels
bool supports_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
bool supports_v4() {
  return supports_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool supports_v3() { return __builtin_cpu_supports("x86-64-v3"); }
bool supports_v4() { return __builtin_cpu_supports("x86-64-v4"); }
#endif
#endif

std::vector<InstructionSet> find_usable() {
  std::vector<InstructionSet> sets{InstructionSet::portable};
#ifdef __x86_64__
  if (supports_v3()) sets.push_back(InstructionSet::x86_64_v3);
  if (supports_v4()) sets.push_back(InstructionSet::x86_64_v4);
#endif
  return sets;
}

InstructionSet first_choice() {
  const char* word = std::getenv("SCOREFIELD_ISA");
  return word && *word ? usable_instruction_set(word) : usable_instruction_sets().back();
}

InstructionSet& selected() {
  static InstructionSet set = first_choice();
  return set;
}

std::vector<std::string> names_of(const std::vector<InstructionSet>& sets) {
  std::vector<std::string> names;
  for (const auto set : sets) names.emplace_back(name(set));
  return names;
}

}  // namespace

const char* name(InstructionSet set) {
  constexpr const char* kNames[kInstructionSets] = {"portable", "x86-64-v3", "x86-64-v4"};
  return kNames[static_cast<int>(set)];
}

const std::vector<InstructionSet>& usable_instruction_sets() {
  static const std::vector<InstructionSet> sets = find_usable();
  return sets;
}

InstructionSet usable_instruction_set(const std::string& word) {
  const auto& usable = usable_instruction_sets();
  for (const auto set : usable)
    if (word == name(set)) return set;
  const auto known = names_of({InstructionSet::portable, InstructionSet::x86_64_v3, InstructionSet::x86_64_v4});
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw UsageError("SCOREFIELD_ISA: " + unknown_name_message("instruction set", word, known));
  throw UsageError("SCOREFIELD_ISA: this processor does not run '" + word +
                   "'. It runs: " + comma_joined(names_of(usable)) + ".");
}

InstructionSet instruction_set() { return selected(); }

void select_instruction_set(InstructionSet set) { selected() = set; }

}  // namespace scorefield::simd
