#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/simd/instruction_set.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::test {
namespace {

using simd::InstructionSet;

TEST(InstructionSets, ThePortableOneIsAlwaysThereAndSlowest) {
  const auto& usable = simd::usable_instruction_sets();
  EXPECT_EQ(usable.front(), InstructionSet::portable);
  EXPECT_TRUE(std::is_sorted(usable.begin(), usable.end()));
}

TEST(InstructionSets, AreFoundByName) {
  for (const auto set : simd::usable_instruction_sets()) EXPECT_EQ(simd::usable_instruction_set(simd::name(set)), set);
  expect_error<UsageError>([] { (void)simd::usable_instruction_set("x86-64-v9"); },
                           {"SCOREFIELD_ISA", "x86-64-v9", "portable, x86-64-v3, x86-64-v4"});
  if (simd::usable_instruction_sets().back() != InstructionSet::x86_64_v4)
    expect_error<UsageError>([] { (void)simd::usable_instruction_set("x86-64-v4"); }, {"does not run"});
}

TEST(InstructionSets, AreChosenForAScope) {
  const auto before = simd::instruction_set();
  {
    const WithInstructionSet portable(InstructionSet::portable);
    EXPECT_EQ(simd::instruction_set(), InstructionSet::portable);
  }
  EXPECT_EQ(simd::instruction_set(), before);
}

}  // namespace
}  // namespace scorefield::test
