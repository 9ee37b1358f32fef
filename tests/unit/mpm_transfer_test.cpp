// One passage of particles through the grid against plain loops, on every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "core/random.hpp"
#include "solvers/mpm/transfer.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::mpm {
namespace {

constexpr std::int64_t kCells = 9, kParticles = 300;
constexpr double kSpacing = 0.3, kOrigin = -1, kKeep = 0.9, kStep = 0.05, kLimit = 0.04;

/// What passes through the grid: the same numbers in either precision.
template <class T>
struct Cloud {
  int d;
  std::vector<T> particles, stress, nodes;
  std::vector<double> acceleration;
  std::vector<std::int32_t> order;

  explicit Cloud(int dimension) : d(dimension), order(kParticles) {
    const Philox random(7, static_cast<std::uint64_t>(d));
    std::uint64_t drawn = 0;
    const auto number = [&] { return random.normals(drawn++)[0]; };
    for (std::int64_t p = 0; p < kParticles; ++p) {
      for (int a = 0; a < kLanes; ++a)
        particles.push_back(a < d ? static_cast<T>(std::clamp(0.4 * number(), -0.5, 1.0)) : T(0));
      for (int row = 0; row < d + 1; ++row)
        for (int a = 0; a < kLanes; ++a) particles.push_back(a < d ? static_cast<T>(number()) : T(0));
      for (int row = 0; row < d; ++row)
        for (int a = 0; a < kLanes; ++a) stress.push_back(a < d ? static_cast<T>(number()) : T(0));
      for (int a = 0; a < d; ++a) acceleration.push_back(p % 5 == 0 ? 20 * number() : number());
    }
    nodes.assign(static_cast<std::size_t>(kLanes * (std::pow(kCells, d) + 1)), T(0));
    std::iota(order.begin(), order.end(), 0);
    std::reverse(order.begin() + 20, order.end() - 7);
  }
  [[nodiscard]] GridView<T> grid() {
    GridView<T> view{nodes.data(), {1, 1, 1}, {0, 0, 0}, static_cast<T>(kSpacing)};
    for (int a = 0; a < d; ++a) {
      view.size[a] = kCells;
      view.origin[a] = static_cast<T>(kOrigin);
    }
    return view;
  }
};

/// The nodes around a place, with their weights.
struct Stencil {
  std::vector<std::size_t> node;
  std::vector<double> weight;
  std::vector<std::array<double, 3>> away;  ///< from the particle, in cells

  template <class T>
  Stencil(const Cloud<T>& cloud, std::int64_t p) : node{0}, weight{1}, away{{}} {
    for (int a = 0; a < cloud.d; ++a) {
      const T x = cloud.particles[static_cast<std::size_t>(p * kLanes * (cloud.d + 2) + a)];
      const double place = (static_cast<double>(x) - kOrigin) / kSpacing;
      const double base = std::floor(place - 0.5), f = place - base;
      const double w[3] = {0.5 * (1.5 - f) * (1.5 - f), 0.75 - (f - 1) * (f - 1), 0.5 * (f - 0.5) * (f - 0.5)};
      const Stencil before = *this;
      node.clear(), weight.clear(), away.clear();
      for (std::size_t i = 0; i < before.node.size(); ++i)
        for (int k = 0; k < 3; ++k) {
          node.push_back(before.node[i] * kCells + static_cast<std::size_t>(base) + static_cast<std::size_t>(k));
          weight.push_back(before.weight[i] * w[k]);
          away.push_back(before.away[i]);
          away.back()[static_cast<std::size_t>(a)] = k - f;
        }
    }
  }
};

struct Passage {
  std::vector<double> nodes, particles;
};

/// Scatter, update and gather by their definitions, in double.
template <class T>
Passage plain_passage(const Cloud<T>& cloud) {
  const auto d = static_cast<std::size_t>(cloud.d), row = static_cast<std::size_t>(kLanes);
  Passage result{std::vector<double>(cloud.nodes.size()), {cloud.particles.begin(), cloud.particles.end()}};
  for (std::int64_t p = 0; p < kParticles; ++p) {
    const Stencil at(cloud, p);
    const double* particle = result.particles.data() + static_cast<std::size_t>(p) * row * (d + 2);
    const double* acceleration = cloud.acceleration.data() + static_cast<std::size_t>(p) * d;
    double size = 0;
    for (std::size_t a = 0; a < d; ++a) size += acceleration[a] * acceleration[a];
    const double factor = std::min(kStep, kLimit / std::sqrt(size));
    for (std::size_t i = 0; i < at.node.size(); ++i) {
      double* node = result.nodes.data() + row * at.node[i];
      node[3] += at.weight[i];
      for (std::size_t k = 0; k < d; ++k) {
        double v = particle[row + k] + factor * acceleration[k];
        for (std::size_t a = 0; a < d; ++a)
          v += kSpacing * at.away[i][a] *
               (particle[row * (2 + a) + k] +
                static_cast<double>(cloud.stress[(static_cast<std::size_t>(p) * d + a) * row + k]));
        node[k] += at.weight[i] * v;
      }
    }
  }
  for (std::size_t n = 0; n + row < result.nodes.size(); n += row)
    for (std::size_t k = 0; k < 3; ++k)
      if (result.nodes[n + 3] > 1e-10) result.nodes[n + k] *= kKeep / result.nodes[n + 3];
  for (std::int64_t p = 0; p < kParticles; ++p) {
    const Stencil at(cloud, p);
    double* particle = result.particles.data() + static_cast<std::size_t>(p) * row * (d + 2);
    std::fill_n(particle + row, row * (d + 1), 0.0);
    for (std::size_t i = 0; i < at.node.size(); ++i)
      for (std::size_t k = 0; k < row; ++k) {
        const double share = at.weight[i] * result.nodes[row * at.node[i] + k];
        particle[row + k] += share;
        for (std::size_t a = 0; a < d && k < 3; ++a)
          particle[row * (2 + a) + k] += 4 / kSpacing * at.away[i][a] * share;
      }
    for (std::size_t k = 0; k < d; ++k) particle[k] += std::clamp(kStep * particle[row + k], -kLimit, kLimit);
  }
  return result;
}

template <class T>
void expect_plain_passage(int d, double tolerance) {
  SCOPED_TRACE(d);
  Cloud<T> cloud(d);
  const Passage expected = plain_passage(cloud);
  const GridView<T> grid = cloud.grid();
  const ParticleView<T> view{cloud.particles.data(), cloud.stress.data()};
  const Transfers<T>& kernels = transfers<T>(d);
  const auto nodes = static_cast<std::int64_t>(cloud.nodes.size() / 4 - 1);
  // In two parts, as threads do it.
  kernels.scatter(grid, view, {cloud.acceleration.data(), kStep, kLimit}, cloud.order.data(), {0, 101});
  kernels.scatter(grid, view, {cloud.acceleration.data(), kStep, kLimit}, cloud.order.data(), {101, kParticles});
  kernels.update(grid, static_cast<T>(kKeep), {0, nodes});
  std::vector<double> positions(static_cast<std::size_t>(d * kParticles)), read(positions.size());
  T box[6];
  kernels.gather(grid, view, {static_cast<T>(kStep), static_cast<T>(kLimit)}, {0, kParticles}, positions.data(), box);
  kernels.read(view, read.data(), {0, kParticles});
  double mass = 0;
  for (std::size_t i = 3; i < cloud.nodes.size(); i += 4) mass += static_cast<double>(cloud.nodes[i]);
  EXPECT_NEAR(mass, kParticles, tolerance * kParticles);
  for (std::size_t i = 0; i < cloud.nodes.size(); ++i) {
    const double own_mass = i % 4 == 3 ? 1 : expected.nodes[i / 4 * 4 + 3];  // velocities are momenta over small masses
    ASSERT_NEAR(own_mass * cloud.nodes[i], own_mass * expected.nodes[i], tolerance * 20)
        << "node " << i / 4 << ", lane " << i % 4;
  }
  for (std::size_t i = 0; i < cloud.particles.size(); ++i)
    ASSERT_NEAR(cloud.particles[i], expected.particles[i], tolerance * 200) << "number " << i;
  EXPECT_EQ(positions, read);
  for (int a = 0; a < d; ++a) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::int64_t p = 0; p < kParticles; ++p) {
      low = std::min(low, positions[static_cast<std::size_t>(p * d + a)]);
      high = std::max(high, positions[static_cast<std::size_t>(p * d + a)]);
    }
    EXPECT_EQ(box[a], low);
    EXPECT_EQ(box[3 + a], high);
  }
}

class MpmTransfers : public test::EveryInstructionSet {};

TEST_P(MpmTransfers, EqualPlainLoopsInSinglePrecision) {
  for (const int d : {1, 2, 3}) expect_plain_passage<float>(d, 5e-6);
}

TEST_P(MpmTransfers, EqualPlainLoopsInDoublePrecision) {
  for (const int d : {1, 2, 3}) expect_plain_passage<double>(d, 1e-14);
}

INSTANTIATE_TEST_SUITE_P(Sets, MpmTransfers, test::kEveryInstructionSet, test::instruction_set_name);

}  // namespace
}  // namespace scorefield::mpm
