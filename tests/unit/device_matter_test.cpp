// Matter moved by LibTorch operations, against the fused loops: grid transfers of the material points, neighbour sums
// of SPH.

#include <gtest/gtest.h>

#include <cmath>

#include "solvers/mpm/device_passage.hpp"
#include "solvers/mpm/engine.hpp"
#include "solvers/sph/device_sums.hpp"
#include "solvers/sph/fluid.hpp"
#include "tests/support/rows.hpp"
#include "tests/support/test_device.hpp"

namespace scorefield {
namespace {

using test::largest_difference;
using test::OnDevice;
using Rows = std::vector<double>;

template <class T>
std::shared_ptr<mpm::GridPassage<T>> passage_of(const mpm::Passages& passages) {
  if constexpr (std::is_same_v<T, float>) return passages.single;
  else return passages.wide;
}

/// A cloud under a spring, ten steps, some of them limited.
template <class T>
Rows swing(int d, const mpm::MpmOptions& options, std::shared_ptr<mpm::GridPassage<T>> passage, Rows& velocities,
           Rows& smooth) {
  const std::int64_t n = 200;
  mpm::Engine<T> engine(d, test::normals(n * d, 7, 1), options, std::move(passage));
  engine.set_spacing(0.5);
  for (int k = 0; k < 10; ++k) {
    Rows force(engine.positions().begin(), engine.positions().end());
    for (double& f : force) f *= -3;
    engine.advance(0.05, 0.1, 0.5, force);
    if (k == 5) engine.sort();
  }
  smooth.resize(static_cast<std::size_t>(n));
  for (std::int64_t p = 0; p < n; ++p)
    smooth[static_cast<std::size_t>(p)] = engine.positions()[static_cast<std::size_t>(p * d)];
  engine.smooth(smooth);
  velocities.resize(static_cast<std::size_t>(n * d));
  engine.read_velocities(velocities);
  return {engine.positions().begin(), engine.positions().end()};
}

template <class T>
void expect_the_same_swing(torch::Device device, double tolerance) {
  const auto passages = mpm::device_passages(device);
  for (const int d : {1, 2, 3})
    for (const auto body : {mpm::Body::gas, mpm::Body::neo_hookean})
      for (const bool affine : {true, false}) {
        mpm::MpmOptions options;
        options.body = body;
        options.affine = affine;
        Rows speed[2], smooth[2];
        const Rows expected = swing<T>(d, options, nullptr, speed[0], smooth[0]);
        const Rows found = swing<T>(d, options, passage_of<T>(passages), speed[1], smooth[1]);
        const auto label = ::testing::Message()
                           << "d = " << d << ", body " << static_cast<int>(body) << ", affine " << affine;
        EXPECT_LT(largest_difference(found, expected), tolerance) << label;
        EXPECT_LT(largest_difference(speed[1], speed[0]), 10 * tolerance) << label;
        EXPECT_LT(largest_difference(smooth[1], smooth[0]), tolerance) << label;
      }
}

TEST_F(OnDevice, GridTransfersEqualTheFusedOnes) { expect_the_same_swing<double>(device_, 1e-12); }
TEST_F(OnDevice, GridTransfersEqualTheFusedOnesInSinglePrecision) { expect_the_same_swing<float>(device_, 1e-4); }

TEST_F(OnDevice, GridTransfersRepeatBitForBit) {
  const auto passages = mpm::device_passages(device_);
  Rows speed[2], smooth[2];
  const Rows first = swing<float>(3, {}, passages.single, speed[0], smooth[0]),
             second = swing<float>(3, {}, passages.single, speed[1], smooth[1]);
  EXPECT_EQ(first, second);
  EXPECT_EQ(speed[0], speed[1]);
  EXPECT_EQ(smooth[0], smooth[1]);
}

TEST_F(OnDevice, AParticleThatIsNotFiniteIsNoticed) {
  mpm::Engine<double> engine(2, test::normals(100, 7, 1), {}, mpm::device_passages(device_).wide);
  engine.set_spacing(0.5);
  Rows force(100, 0.0);
  force[3] = std::nan("");
  engine.advance(0.05, 0.1, 0.5, force);
  EXPECT_ANY_THROW(engine.advance(0.05, 0.1, 0.5, force));
}

TEST_F(OnDevice, NeighbourSumsEqualTheFusedOnes) {
  const std::int64_t n = 500;
  for (const auto shape : {sph::Shape::cubic, sph::Shape::wendland, sph::Shape::gaussian})
    for (const std::int64_t d : {1, 2, 3, 5})
      for (const double viscosity : {0.0, 0.3}) {
        const Rows x = test::normals(n * d, 7, 1), v = test::normals(n * d, 7, 2);
        const double h = d > 3 ? 1 : 0.4;
        Rows rho[2], acceleration[2];
        for (const int on_device : {0, 1}) {
          sph::Neighbours neighbours(shape, on_device ? sph::device_neighbour_sums(device_) : sph::NeighbourSums{});
          neighbours.arrange(x, d, h);
          neighbours.density(rho[on_device]);
          Rows A(rho[0].size());
          for (std::size_t i = 0; i < A.size(); ++i) A[i] = 1 / rho[0][i];
          neighbours.acceleration(A, rho[0], v, viscosity, acceleration[on_device]);
        }
        const auto label = ::testing::Message()
                           << "shape " << static_cast<int>(shape) << ", d = " << d << ", viscosity " << viscosity;
        EXPECT_LT(largest_difference(rho[1], rho[0]), 1e-5) << label;
        EXPECT_LT(largest_difference(acceleration[1], acceleration[0]), 2e-5) << label;
      }
}

/// More numbers than a block holds: particles come in several blocks.
TEST_F(OnDevice, NeighbourSumsComeInBlocks) {
  const std::int64_t n = 2500, d = 5;
  ASSERT_GT(n * n * d, sph::kDeviceNumbers);
  const Rows x = test::normals(n * d, 7, 1);
  Rows rho[2];
  for (const int on_device : {0, 1}) {
    sph::Neighbours neighbours(sph::Shape::wendland,
                               on_device ? sph::device_neighbour_sums(device_) : sph::NeighbourSums{});
    neighbours.arrange(x, d, 1);
    neighbours.density(rho[on_device]);
  }
  EXPECT_LT(largest_difference(rho[1], rho[0]), 1e-5);
}

}  // namespace
}  // namespace scorefield
