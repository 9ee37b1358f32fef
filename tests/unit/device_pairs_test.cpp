// Sums over all pairs in LibTorch operations, against the fused ones; and a flow that is made of them.

#include <gtest/gtest.h>

#include <cmath>

#include "solvers/ift/flow.hpp"
#include "solvers/pairs/device_pair_sums.hpp"
#include "tests/support/rows.hpp"
#include "tests/support/test_device.hpp"

namespace scorefield {
namespace {

using pairs::Form;
using pairs::RadialKernel;
using test::largest_difference;
using test::OnDevice;
using Rows = std::vector<double>;

Rows cloud(std::int64_t count, std::uint64_t stream, double shift = 0) {
  Rows x = test::normals(count, 5, stream);
  for (double& value : x) value += shift;
  return x;
}

TEST_F(OnDevice, PairSumsEqualTheFusedOnes) {
  for (const std::int64_t d : {2, 20}) {
    const std::int64_t n = 90, m = 200;
    const Rows x = cloud(n * d, 1, 5), z = cloud(m * d, 2, 5), s = cloud(m * d, 3), a = cloud(m, 4);
    const double h = std::sqrt(static_cast<double>(d));
    for (const RadialKernel& kernel : {RadialKernel{Form::gaussian, {h / 2, h, 2 * h}},
                                       RadialKernel{Form::imq, {h, 3 * h}}, RadialKernel{Form::energy, {20 * h}}})
      for (const bool wide : {true, false})
        for (const double* coefficients : {a.data(), static_cast<const double*>(nullptr)}) {
          Rows value[2], gradient[2], field[2];
          for (const int on_device : {0, 1}) {
            value[on_device].resize(static_cast<std::size_t>(n));
            gradient[on_device].resize(x.size());
            field[on_device].resize(x.size());
            const auto sums = on_device ? pairs::device_pair_sums(device_, wide) : pairs::fused_pair_sums(true);
            sums(kernel, {x.data(), n, z.data(), m, d, coefficients, s.data()},
                 {value[on_device].data(), gradient[on_device].data(), field[on_device].data()});
          }
          const double tolerance = wide ? 1e-12 : 2e-5;
          EXPECT_LT(largest_difference(value[1], value[0]), tolerance)
              << "form " << static_cast<int>(kernel.form) << ", d = " << d;
          EXPECT_LT(largest_difference(gradient[1], gradient[0]), tolerance)
              << "form " << static_cast<int>(kernel.form) << ", d = " << d;
          EXPECT_LT(largest_difference(field[1], field[0]), tolerance)
              << "form " << static_cast<int>(kernel.form) << ", d = " << d;
        }
  }
}

/// More pairs than are held at once: blocks of query points, the last one smaller.
TEST_F(OnDevice, PairSumsComeInBlocks) {
  const std::int64_t n = 25, m = pairs::kDevicePairs / 10;  // blocks of ten
  const Rows x = cloud(n, 1), z = cloud(m, 2);
  Rows found(static_cast<std::size_t>(n)), expected(found);
  const RadialKernel kernel{Form::imq, {1}};
  pairs::device_pair_sums(device_, true)(kernel, {x.data(), n, z.data(), m, 1}, {.value = found.data()});
  pairs::fused_pair_sums(true)(kernel, {x.data(), n, z.data(), m, 1}, {.value = expected.data()});
  EXPECT_LT(largest_difference(found, expected), 1e-12);
}

TEST_F(OnDevice, InteractionForceTransportFollowsTheFusedFlow) {
  const std::int64_t n = 120, d = 5;
  const Rows y = cloud(150 * d, 2, 1);
  ift::FlowOptions options;
  options.double_precision = true;
  std::vector<ift::Flow> flows;
  for (const bool on_device : {false, true}) {
    flows.emplace_back(ift::Kind::ift, options, ift::Cloud{n, d, cloud(n * d, 1), {}}, y,
                       ift::Flow::Schedule{false, 30, 9}, on_device ? pairs::device_pair_sums(device_, true) : nullptr);
    for (int step = 0; step < 30; ++step) flows.back().step(y);
  }
  EXPECT_LT(largest_difference(flows[1].state.cloud.x, flows[0].state.cloud.x), 1e-9);
  EXPECT_LT(largest_difference(flows[1].state.cloud.w, flows[0].state.cloud.w), 1e-9);
}

}  // namespace
}  // namespace scorefield
