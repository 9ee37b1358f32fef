// The pieces of the particle-in-cell solver on their own.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "core/error.hpp"
#include "solvers/pic/deposit.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/low_discrepancy.hpp"
#include "solvers/pic/poisson.hpp"
#include "solvers/pic/simulation.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/two_beams.hpp"

namespace scorefield::test {
namespace {

using pic::Shape;

std::vector<double> density_of(const std::vector<double>& coordinates, double box, std::int64_t cells, Shape shape) {
  std::vector<pic::Position> positions;
  for (const double x : coordinates) positions.push_back(pic::to_position(x, box));
  pic::ChargeSums charge(cells, shape);
  charge.add(positions);
  std::vector<double> density(static_cast<std::size_t>(cells));
  charge.density(static_cast<std::int64_t>(coordinates.size()), density);
  return density;
}

TEST(Position, WrapsAndStaysInsideTheBox) {
  for (const double x : {0.0, 12.3, 49.999999, -0.5, 50.0, 163.7, -1e-12}) {
    const float back = pic::to_coordinate(pic::to_position(x, 50), 50);
    EXPECT_GE(back, 0);
    EXPECT_LT(back, 50);
    EXPECT_NEAR(std::remainder(back - x, 50), 0, 4e-6) << x;
  }
  EXPECT_LT(pic::to_coordinate(0xffffffffu, 50), 50.0f);
}

TEST(Shape, CicWeightsAreLinear) {
  // At 3.25 of 8 cells of size 1: 3/4 on node 3, 1/4 on node 4; the mean density is 1.
  const auto density = density_of({3.25}, 8, 8, Shape::cic);
  for (std::size_t j = 0; j < 8; ++j) EXPECT_DOUBLE_EQ(density[j], j == 3 ? 6 : j == 4 ? 2 : 0) << j;
}

TEST(Shape, TscWeightsAreQuadraticAndWrap) {
  // At 7.75: nearest node 0 (of the next box), offset -1/4.
  const auto density = density_of({7.75}, 8, 8, Shape::tsc);
  const double d = -0.25;
  for (std::size_t j = 0; j < 8; ++j) {
    const double weight = j == 7   ? 0.5 * (0.5 - d) * (0.5 - d)
                          : j == 0 ? 0.75 - d * d
                          : j == 1 ? 0.5 * (0.5 + d) * (0.5 + d)
                                   : 0;
    EXPECT_NEAR(density[j], 8 * weight, 1e-12) << j;
  }
}

/// Weights sum to one and their first moment is the position: both shapes interpolate linear functions exactly.
TEST(Shape, GatherIsExactForLinearFieldsAwayFromTheEdge) {
  const std::int64_t cells = 16;
  std::vector<double> field(16);
  for (std::size_t j = 0; j < 16; ++j) field[j] = 0.5 - 0.25 * static_cast<double>(j);
  for (const Shape shape : {Shape::cic, Shape::tsc}) {
    pic::KickTable<double> kicks(cells, shape);
    kicks.fill(field, 1.0);
    for (const double x : {1.0, 1.5, 4.37, 7.999, 13.49})
      EXPECT_NEAR(kicks.at(pic::to_position(x, 16)), -(0.5 - 0.25 * x), 5e-6) << x;
  }
}

/// sum over particles of the gathered field = sum over nodes of n E: deposit and gather are adjoint.
TEST(Shape, DepositAndGatherAreAdjoint) {
  const std::int64_t cells = 10;
  std::vector<double> coordinates, field;
  const Philox random(5, 5);
  for (std::uint64_t i = 0; i < 200; ++i) coordinates.push_back(7 * random.uniforms(i)[0]);
  for (std::uint64_t j = 0; j < 10; ++j) field.push_back(random.normals(1000 + j)[0]);
  for (const Shape shape : {Shape::cic, Shape::tsc}) {
    pic::KickTable<double> kicks(cells, shape);
    kicks.fill(field, 1.0);
    double gathered = 0, on_grid = 0;
    for (const double x : coordinates) gathered -= kicks.at(pic::to_position(x, 7));
    const auto density = density_of(coordinates, 7, cells, shape);
    for (std::size_t j = 0; j < field.size(); ++j) on_grid += density[j] * field[j] * 200 / 10;
    EXPECT_NEAR(gathered, on_grid, 1e-10);
  }
}

TEST(Poisson, ConvergesWithSecondOrderToTheExactField) {
  const double box = 50, mu = 1.4;
  const auto error = [&](std::int64_t cells) {
    std::vector<double> density, field(static_cast<std::size_t>(cells));
    const auto angle = [&](std::int64_t j, int m) {
      return 2 * std::numbers::pi * m * static_cast<double>(j) / static_cast<double>(cells);
    };
    for (std::int64_t j = 0; j < cells; ++j)
      density.push_back(1 + 0.3 * std::cos(angle(j, 1)) - 0.2 * std::sin(angle(j, 3)));
    pic::PeriodicPoisson(cells, box, mu).solve(density, field);
    // mu^2 E' = 1 - n
    const double k = 2 * std::numbers::pi / box;
    double worst = 0;
    for (std::int64_t j = 0; j < cells; ++j) {
      const double exact = (-0.3 * std::sin(angle(j, 1)) / k - 0.2 * std::cos(angle(j, 3)) / (3 * k)) / (mu * mu);
      worst = std::max(worst, std::abs(field[static_cast<std::size_t>(j)] - exact));
    }
    return worst;
  };
  const double coarse = error(64), medium = error(128), fine = error(256);
  EXPECT_LT(fine, 1e-3);
  EXPECT_NEAR(std::log2(coarse / medium), 2, 0.05);
  EXPECT_NEAR(std::log2(medium / fine), 2, 0.05);
}

TEST(Poisson, ExertsNoForceOnItself) {
  std::vector<double> density(37), field(37);
  const Philox random(2, 9);
  for (std::size_t j = 0; j < density.size(); ++j) density[j] = 1 + 0.5 * random.normals(j)[0];
  pic::PeriodicPoisson(37, 11, 0.8).solve(density, field);
  double force = 0, mean = 0;
  for (std::size_t j = 0; j < density.size(); ++j) {
    force += density[j] * field[j];
    mean += field[j];
  }
  EXPECT_NEAR(mean, 0, 1e-12);
  EXPECT_NEAR(force, 0, 1e-12);
}

TEST(FourierModes, CarryTheWholeEnergyOfABandLimitedField) {
  const std::int64_t cells = 32;
  const double box = 50, mu = 1.4;
  std::vector<double> field(32);
  for (std::size_t j = 0; j < 32; ++j) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(j) / 32;
    field[j] = 0.7 * std::sin(angle) + 0.2 * std::cos(5 * angle);
  }
  std::vector<std::complex<double>> modes(8);
  pic::FourierModes(cells, 8).transform(field, modes);
  EXPECT_NEAR(std::abs(modes[0] - std::complex<double>(0, -0.35)), 0, 1e-14);
  EXPECT_NEAR(std::abs(modes[4] - std::complex<double>(0.1, 0)), 0, 1e-14);
  double energy = 0;
  for (const auto& mode : modes) energy += mu * mu * box * std::norm(mode);
  EXPECT_NEAR(pic::PeriodicPoisson(cells, box, mu).energy(field), energy, 1e-12);
}

/// Any 2^m consecutive points from a multiple of 2^m: one in each box of area 2^-m, whatever its shape.
TEST(ScrambledSobol2d, IsANetUnderEveryScramble) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const pic::ScrambledSobol2d sequence(Philox(seed, 3));
    for (int along_x = 0; along_x <= 8; ++along_x) {
      std::set<std::pair<int, int>> boxes;
      for (std::uint32_t i = 256; i < 512; ++i) {
        const auto [x, y] = sequence.point(i);
        boxes.emplace(static_cast<int>(x * (1 << along_x)), static_cast<int>(y * (256 >> along_x)));
      }
      EXPECT_EQ(boxes.size(), 256u) << "2^" << along_x << " columns";
    }
  }
}

TEST(VelocityDistribution, QuantileInvertsTheCumulativeDistribution) {
  const pic::VelocityDistribution distribution({{0.9, 0, 1}, {0.1, 4, 0.5}});
  for (const double share : {1e-9, 1e-4, 0.05, 0.5, 0.8999, 0.95, 0.9999, 1 - 1e-9})
    EXPECT_NEAR(distribution.cumulative(distribution.quantile(share)), share, 1e-12);
  for (const double v : {-5.0, -1.0, 0.3, 3.9, 5.5})
    EXPECT_NEAR(distribution.quantile(distribution.cumulative(v)), v, 1e-7) << v;
}

TEST(Loading, ReproducesTheMomentsOfThePopulation) {
  const std::int64_t count = 65'536;
  const auto particles = pic::load(two_beams(0.05, 2), 50, count, pic::Start::quiet, Philox(1, 1));
  double mean = 0, square = 0, modulated = 0;
  for (std::size_t i = 0; i < particles.velocity.size(); ++i) {
    const double v = particles.velocity[i];
    mean += v / static_cast<double>(count);
    square += v * v / static_cast<double>(count);
    modulated += v * v * std::cos(2 * std::numbers::pi * 2 / 50 * particles.position[i]) / static_cast<double>(count);
  }
  EXPECT_NEAR(mean, 0, 1e-3);
  // <v^2> = 9 + 1, times <(1 + a cos)^2> = 1 + a^2 / 2; with the cosine: a <v^2>.
  EXPECT_NEAR(square, 10 * (1 + 0.05 * 0.05 / 2), 2e-3);
  EXPECT_NEAR(modulated, 10 * 0.05, 2e-3);
}

TEST(Loading, RefusesWhatIsNoPopulation) {
  const auto load = [](std::vector<pic::Beam> beams) {
    return [beams] { (void)pic::load({beams, {}}, 50, 10, pic::Start::quiet, Philox(1, 1)); };
  };
  expect_error<UsageError>(load({}), {"at least one beam"});
  expect_error<UsageError>(load({{1, 0, 0}}), {"thermal speed", "above 0"});
  expect_error<UsageError>(load({{0.5, 0, 1}}), {"sum to 0.5"});
}

TEST(PicOptions, NameTheKeyThatIsWrong) {
  const auto rejects = [](auto change, double mu, const std::vector<std::string>& words) {
    pic::PicOptions options;
    change(options);
    expect_error<UsageError>([&] { pic::validate(options, mu); }, words);
  };
  rejects([](auto& o) { o.cells = 3; }, 1.2, {"pic.cells", "3", "from 4"});
  rejects([](auto& o) { o.dt = 0; }, 1.2, {"pic.dt", "above 0"});
  rejects([](auto& o) { o.dt = -0.1; }, 1.2, {"pic.dt", "-0.1"});
  rejects([](auto& o) { o.dt = 3; }, 1.2, {"pic.dt", "2 mu = 2.4"});
  rejects([](auto& o) { o.duration = std::nan(""); }, 1.2, {"pic.duration"});
  rejects([](auto& o) { o.simulated_particles = 0; }, 1.2, {"pic.simulated_particles", "from 1"});
  rejects([](auto& o) { o.box_length = -50; }, 1.2, {"pic.box_length"});
  rejects([](auto&) {}, 0, {"mu is 0"});
}

/// One block through every kernel against the one-particle-at-a-time reference, with an odd number of cells and of
/// particles.
TEST(Kernels, PushAndDepositLikeTheReference) {
  const std::int64_t cells = 37, count = 1003;
  std::vector<double> field(37);
  const Philox random(4, 4);
  for (std::size_t j = 0; j < field.size(); ++j) field[j] = random.normals(j)[0];
  for (const Shape shape : {Shape::cic, Shape::tsc})
    for (const auto set : simd::usable_instruction_sets()) {
      pic::KickTable<float> kicks(cells, shape);
      kicks.fill(field, 0.1);
      std::vector<pic::Position> x, expected;
      std::vector<float> v;
      for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
        x.push_back(random.words(100 + i)[0]);
        v.push_back(static_cast<float>(3 * random.normals(5000 + i)[0]));
      }
      x[0] = 0xffffffffu;  // the last cell of the box, or, for TSC, the first node
      const float displacement = 1e7f;
      double sum = 0, square = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float after = v[i] + kicks.at(x[i]), whole = 0.5f * (v[i] + after);
        expected.push_back(x[i] +
                           static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(after * displacement))));
        sum += whole;
        square += double{whole} * whole;
      }
      std::vector<std::uint64_t> counts(38), squares(38);
      pic::Block<float> block{x.data(),     v.data(),      count,          37, kicks.data(),
                              displacement, counts.data(), squares.data(), 0,  0};
      (shape == Shape::cic ? pic::kKernels[set].cic_float : pic::kKernels[set].tsc_float)(block);
      for (std::size_t i = 0; i < x.size(); ++i)
        ASSERT_LE(std::abs(static_cast<std::int32_t>(x[i] - expected[i])), 1) << i << ' ' << simd::name(set);
      EXPECT_NEAR(block.velocity_sum, sum, 1e-3);
      EXPECT_NEAR(block.square_sum, square, 1e-2);

      std::vector<double> density(37), reference(37);
      pic::ChargeSums packed(cells, shape), one_by_one(cells, shape);
      packed.add(counts.data(), squares.data());
      packed.density(count, density);
      one_by_one.add(x);
      one_by_one.density(count, reference);
      EXPECT_EQ(density, reference) << simd::name(set);
    }
}

TEST(Simulation, StopsWhenAParticleCrossesHalfOfTheBoxInAStep) {
  pic::PicOptions options;
  options.simulated_particles = 2;
  pic::Simulation<float> simulation(options, 0.01, 1, {{1, 2}, {0, 3000}});
  expect_error<DivergenceError>([&] { simulation.advance(); }, {"half of the box", "pic.dt"});
}

TEST(Simulation, RefusesParticlesThatAreNotFinite) {
  pic::PicOptions options;
  options.simulated_particles = 2;
  expect_error<DivergenceError>([&] { pic::Simulation<float>(options, 0.01, 1, {{1, std::nan("")}, {0, 0}}); },
                                {"initial particle 1"});
}

TEST(ElectricEnergy, WrapsPositionsAndNamesWhatIsNotFinite) {
  pic::PicOptions options;
  const std::vector<float> inside{1, 0, 20, 0, 30, 0}, outside{51, 0, -30, 0, 130, 0};
  const double energy = pic::electric_energy(inside, 2, options, 1.3);
  EXPECT_GT(energy, 0);
  EXPECT_NEAR(pic::electric_energy(outside, 2, options, 1.3) / energy, 1, 1e-5);
  const std::vector<float> broken{1, 0, NAN, 0};
  expect_error<Error>([&] { (void)pic::electric_energy(broken, 2, options, 1.3); }, {"particle 1", "not finite"});
  expect_error<Error>([&] { (void)pic::electric_energy({}, 2, options, 1.3); }, {"at least one"});
}

}  // namespace
}  // namespace scorefield::test
