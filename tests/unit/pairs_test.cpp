// Sums over all pairs of points under radial kernels, against plain double loops.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "core/parallel.hpp"
#include "solvers/pairs/pair_sums.hpp"
#include "tests/support/instruction_sets.hpp"
#include "tests/support/rows.hpp"

namespace scorefield::test {
namespace {

using pairs::Form;
using pairs::RadialKernel;

struct Sums {
  std::vector<double> value, gradient, field;
  Sums(std::int64_t n, std::int64_t d)
      : value(static_cast<std::size_t>(n)), gradient(static_cast<std::size_t>(n * d)), field(gradient) {}
  pairs::PairOutputs outputs() { return {value.data(), gradient.data(), field.data()}; }
};

struct Setting {
  std::int64_t n = 101, m = 300, d;
  std::vector<double> x = normals(n * d, 11, 1), z = normals(m * d, 11, 2), s = normals(m * d, 11, 3),
                      a = normals(m, 11, 4);
  explicit Setting(std::int64_t dimension) : d(dimension) {
    for (double& value : a) value /= static_cast<double>(m);
    for (double& value : x) value += 5;  // far from the origin
    for (double& value : z) value += 5;
    std::copy_n(z.begin(), d, x.begin());  // one coinciding pair
  }
};

/// The gradient of each kernel by hand, in double.
double slope(const RadialKernel& kernel, double square) {
  double sum = 0;
  for (const double h : kernel.bandwidths) {
    if (kernel.form == Form::gaussian) sum -= std::exp(-square / (2 * h * h)) / (h * h);
    if (kernel.form == Form::imq) sum -= std::pow(1 + square / (h * h), -1.5) / (h * h);
    if (kernel.form == Form::energy) sum -= 1 / std::sqrt(square + 1e-4 * h * h);
  }
  return sum / static_cast<double>(kernel.bandwidths.size());
}

Sums plain(const RadialKernel& kernel, const Setting& s) {
  Sums sums(s.n, s.d);
  for (std::int64_t i = 0; i < s.n; ++i)
    for (std::int64_t j = 0; j < s.m; ++j) {
      double square = 0;
      for (std::int64_t c = 0; c < s.d; ++c) square += std::pow(s.x[i * s.d + c] - s.z[j * s.d + c], 2);
      const double a = s.a[j], k = kernel.value(square);
      sums.value[i] += a * k;
      for (std::int64_t c = 0; c < s.d; ++c) {
        sums.gradient[i * s.d + c] += a * slope(kernel, square) * (s.x[i * s.d + c] - s.z[j * s.d + c]);
        sums.field[i * s.d + c] += a * k * s.s[j * s.d + c];
      }
    }
  return sums;
}

template <class T>
Sums fused(const RadialKernel& kernel, const Setting& s) {
  Sums sums(s.n, s.d);
  const pairs::Sources<T> sources(s.z.data(), s.m, s.d, s.a.data(), s.s.data());
  pairs::PairPass<T>{kernel}(s.x.data(), s.n, sources, sums.outputs());
  return sums;
}

class PairSums : public ::testing::TestWithParam<std::tuple<std::int64_t, simd::InstructionSet>> {
 private:
  test::WithInstructionSet set_{std::get<1>(GetParam())};
};

TEST_P(PairSums, EqualPlainLoops) {
  const Setting setting(std::get<0>(GetParam()));
  const double h = std::sqrt(static_cast<double>(setting.d));
  for (const RadialKernel& kernel :
       {RadialKernel{Form::gaussian, {h}}, RadialKernel{Form::gaussian, {h / 4, h / 2, h, 2 * h, 4 * h}},
        RadialKernel{Form::gaussian, {h, 3 * h}}, RadialKernel{Form::imq, {h}}, RadialKernel{Form::energy, {20 * h}}}) {
    SCOPED_TRACE(static_cast<int>(kernel.form));
    const Sums expected = plain(kernel, setting);
    const Sums wide = fused<double>(kernel, setting);
    EXPECT_LT(largest_difference(wide.value, expected.value), 1e-12);
    EXPECT_LT(largest_difference(wide.gradient, expected.gradient), 1e-12);
    EXPECT_LT(largest_difference(wide.field, expected.field), 1e-12);
    const Sums narrow = fused<float>(kernel, setting);
    EXPECT_LT(largest_difference(narrow.value, expected.value), 2e-5);
    EXPECT_LT(largest_difference(narrow.gradient, expected.gradient), 2e-5);
    EXPECT_LT(largest_difference(narrow.field, expected.field), 2e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, PairSums,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4, 5, 16, 100), test::kEveryInstructionSet),
                         [](const auto& instance) {
                           return "d" + std::to_string(std::get<0>(instance.param)) + "_" +
                                  test::identifier(std::get<1>(instance.param));
                         });

TEST(PairSumsOnThreads, AreBitwiseTheSameForAnyNumber) {
  const int before = thread_count();
  for (const std::int64_t d : {2, 20}) {
    const Setting setting(d);
    const RadialKernel kernel{Form::gaussian, {2.0}};
    set_thread_count(1);
    const Sums one = fused<float>(kernel, setting);
    set_thread_count(3);
    const Sums three = fused<float>(kernel, setting);
    EXPECT_EQ(one.value, three.value) << d;
    EXPECT_EQ(one.gradient, three.gradient) << d;
    EXPECT_EQ(one.field, three.field) << d;
  }
  set_thread_count(before);
}

TEST(MedianDistance, OfANormalCloudIsThatOfTwoNormals) {
  // |x - y|^2 / 2 is chi-square with 2 degrees of freedom: median 2 ln 2.
  const auto z = normals(2 * 2000, 11, 5);
  EXPECT_NEAR(pairs::median_distance(z.data(), 2000, 2), std::sqrt(4 * std::log(2.0)), 0.06);
  const std::vector<double> same(10, 3.0);
  EXPECT_EQ(pairs::median_distance(same.data(), 10, 1), 1);
}

}  // namespace
}  // namespace scorefield::test
