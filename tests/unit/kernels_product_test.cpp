// The sweeps' own matrix product against plain loops, for every instruction set of this processor.

#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "core/error.hpp"
#include "core/random.hpp"
#include "models/sweeps/sweeps.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::kernels {
namespace {

constexpr std::int64_t kRows = 2 * kProductRows, kDepth = 7, kColumns = 9 * kProductColumns;

/// 64-byte aligned numbers.
template <class T>
class Array {
 public:
  Array(std::int64_t count, std::uint64_t stream)
      : values_(static_cast<T*>(::operator new(bytes(count), std::align_val_t{64}))) {
    const Philox random(3, stream);
    for (std::int64_t i = 0; i < count; ++i)
      values_.get()[i] = static_cast<T>(random.normals(static_cast<std::uint64_t>(i))[0]);
  }
  T* data() const { return values_.get(); }

 private:
  static std::size_t bytes(std::int64_t count) { return static_cast<std::size_t>(count) * sizeof(T); }
  struct Release {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{64}); }
  };
  std::unique_ptr<T, Release> values_;
};

template <class T>
void expect_product(T tolerance) {
  const Array<T> a(kRows * kDepth, 0), b(kDepth * kColumns, 1), c(kRows * kColumns, 2);
  multiply(kRows, kDepth, kColumns, a.data(), b.data(), c.data());
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < kColumns; ++j) {
      T sum = 0;
      for (std::int64_t k = 0; k < kDepth; ++k) sum += a.data()[i * kDepth + k] * b.data()[k * kColumns + j];
      ASSERT_NEAR(c.data()[i * kColumns + j], sum, tolerance) << "row " << i << ", column " << j;
    }
}

class Product : public test::EveryInstructionSet {};

TEST_P(Product, EqualsPlainLoopsInSinglePrecision) { expect_product<float>(2e-5F); }
TEST_P(Product, EqualsPlainLoopsInDoublePrecision) { expect_product<double>(1e-13); }

TEST_P(Product, RefusesSizesThatAreNoWholeBlocks) {
  const Array<float> x(kRows * kColumns, 0);
  EXPECT_THROW(multiply(kProductRows + 1, 1, kProductColumns, x.data(), x.data(), x.data()), UsageError);
  EXPECT_THROW(multiply(kProductRows, 1, kProductColumns + 1, x.data(), x.data(), x.data()), UsageError);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, Product, test::kEveryInstructionSet, test::instruction_set_name);

}  // namespace
}  // namespace scorefield::kernels
