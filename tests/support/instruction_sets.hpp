#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/simd/instruction_set.hpp"

namespace scorefield::test {

/// All kernels run with this instruction set until the end of the scope.
class WithInstructionSet {
 public:
  explicit WithInstructionSet(simd::InstructionSet set) : before_(simd::instruction_set()) {
    simd::select_instruction_set(set);
  }
  ~WithInstructionSet() { simd::select_instruction_set(before_); }
  WithInstructionSet(const WithInstructionSet&) = delete;
  WithInstructionSet& operator=(const WithInstructionSet&) = delete;

 private:
  simd::InstructionSet before_;
};

/// As a part of a test's name.
inline std::string identifier(simd::InstructionSet set) {
  std::string name = simd::name(set);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Tests of kernels: TEST_P of a class derived from this, once with each instruction set of this machine, by
/// INSTANTIATE_TEST_SUITE_P(Sets, MyKernel, kEveryInstructionSet, instruction_set_name).
class EveryInstructionSet : public ::testing::TestWithParam<simd::InstructionSet> {
 private:
  WithInstructionSet set_{GetParam()};
};

inline const auto kEveryInstructionSet = ::testing::ValuesIn(simd::usable_instruction_sets());

inline std::string instruction_set_name(const ::testing::TestParamInfo<simd::InstructionSet>& instance) {
  return identifier(instance.param);
}

}  // namespace scorefield::test
