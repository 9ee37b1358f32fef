#pragma once

#include <cstdint>

namespace scorefield::metrics {

/// Instruction sets that the softmin loop is compiled for.
enum class InstructionSet { baseline, avx2, avx512 };

/// Whether this processor can run it.
[[nodiscard]] bool supported(InstructionSet set);

/// The widest supported one.
[[nodiscard]] InstructionSet best_instruction_set();

/// Rows of a cost matrix are padded to a multiple of this many columns, with kPaddingCost.
inline constexpr std::int64_t kRowPadding = 16;
inline constexpr float kPaddingCost = 1e30f;

/// result[i] = log2 sum_j 2^(h[j] - k cost[i, j]): the log-domain Sinkhorn update in base 2, stable for any range.
/// cost: [rows, stride] with stride a multiple of kRowPadding; h: [stride]. Relative error of the sum about 3e-7.
void softmin_rows(const float* cost, std::int64_t rows, std::int64_t stride, const float* h, float k, float* result,
                  InstructionSet set);

}  // namespace scorefield::metrics
