// The electric energy of imported particles against closed forms: div E = rho_0/eps_0 (n/mean - 1).

#include "data/problems/field_energy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::test {
namespace {

using std::numbers::pi;

constexpr double kAmplitude = 0.2;

data::DatasetHeader header_of(const std::vector<double>& lengths, const data::ChargedBox& field) {
  data::DatasetHeader header;
  header.mu = {{1}, {2}};
  for (std::size_t a = 0; a < lengths.size(); ++a) header.coordinates.push_back(std::string(1, "xyz"[a]));
  header.coordinates.emplace_back("v");
  header.periods = lengths;
  header.periods.push_back(0);
  header.field = field;
  return header;
}

data::ChargedBox box_of(const std::vector<double>& lengths) {
  data::ChargedBox box;
  for (std::size_t a = 0; a < lengths.size(); ++a) box.coordinates.push_back(std::string(1, "xyz"[a]));
  box.lengths = {lengths, lengths};
  box.charge_density = {-3, 6};
  box.permittivity = 0.5;
  return box;
}

/// Where the cumulative density x/L + a/(2 pi) sin(2 pi x/L) is `level`, in units of L.
double quantile(double level) {
  double x = level;
  for (int i = 0; i < 50; ++i)
    x -= (x + kAmplitude / (2 * pi) * std::sin(2 * pi * x) - level) / (1 + kAmplitude * std::cos(2 * pi * x));
  return x;
}

/// Energy of n = 1 + a cos(2 pi x/L): rho_0^2/(2 eps_0) a^2/(2 k^2) V.
double exact(double rho, double length, double volume) {
  return rho * rho / (2 * 0.5) * kAmplitude * kAmplitude / 2 * std::pow(length / (2 * pi), 2) * volume;
}

TEST(ChargedBoxField, AWaveOfParticlesInOneDimension) {
  const double length = 0.18;
  const auto header = header_of({length}, box_of({length}));
  const auto field = problems::field_energy_of({&header});
  std::vector<float> moved, still, weights;
  constexpr int kCount = 20000;
  for (int i = 0; i < kCount; ++i) {
    const double level = (i + 0.5) / kCount;
    moved.push_back(static_cast<float>(length * (quantile(level) + (i % 3) - 1)));  // in any period
    moved.push_back(7);
    still.push_back(static_cast<float>(length * level));
    still.push_back(7);
    weights.push_back(static_cast<float>(40 * (1 + kAmplitude * std::cos(2 * pi * level))));
  }
  const double expected = exact(-3, length, length);
  EXPECT_NEAR(field->of(moved, {}, {1}) / expected, 1, 2e-3);
  EXPECT_NEAR(field->of(still, weights, {1}) / expected, 1, 2e-3) << "a particle counts with its weight";
  EXPECT_NEAR(field->of(still, {}, {1}) / expected, 0, 1e-6) << "the background neutralises it";
  EXPECT_NEAR(field->of(moved, {}, {2}) / field->of(moved, {}, {1}), 4, 1e-12) << "twice the charge density";
}

TEST(ChargedBoxField, WavesInTwoAndThreeDimensions) {
  for (const std::size_t axes : {2U, 3U})
    for (std::size_t along = 0; along < axes; ++along) {
      std::vector<double> lengths{2, 3, 5};
      lengths.resize(axes);
      const auto header = header_of(lengths, box_of(lengths));
      const int count = axes == 2 ? 128 : 64;
      std::vector<float> samples;
      double volume = 1;
      for (const double length : lengths) volume *= length;
      const int total = axes == 2 ? count * count : count * count * count;
      for (int i = 0; i < total; ++i) {
        int rest = i;
        for (std::size_t a = 0; a < axes; ++a, rest /= count) {
          const double level = (rest % count + 0.5) / count;
          samples.push_back(static_cast<float>(lengths[a] * (a == along ? quantile(level) : level)));
        }
        samples.push_back(1);
      }
      const double cell = pi / (axes == 2 ? 64 : 32);  // linear deposit damps a wave by (sin(k h/2) / (k h/2))^2
      const double damping = std::pow(std::sin(cell) / cell, 4);
      EXPECT_NEAR(
          problems::field_energy_of({&header})->of(samples, {}, {1}) / (damping * exact(-3, lengths[along], volume)), 1,
          5e-3)
          << axes << " axes, wave along " << along;
    }
}

/// Equal weights, whatever they are, say nothing; a weight of 2 is two particles.
TEST(ProblemField, CountsWeights) {
  const auto problem = problems::make_problem("two-stream");
  const auto field = problems::field_energy_of(problem.get());
  std::vector<float> samples, doubled, weights;
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<float>(50 * std::pow((i + 0.5) / 1000, 1.2));
    for (int copy = 0; copy < (i < 400 ? 2 : 1); ++copy) doubled.insert(doubled.end(), {x, 0});
    samples.insert(samples.end(), {x, 0});
    weights.push_back(i < 400 ? 2 : 1);
  }
  const double exact = field->of(doubled, {}, {1.4});
  EXPECT_NEAR(field->of(samples, weights, {1.4}) / exact, 1, 1e-3);
  EXPECT_NEAR(field->of(samples, std::vector<float>(1000, 7), {1.4}) / field->of(samples, {}, {1.4}), 1, 1e-12);
  EXPECT_GT(std::abs(field->of(samples, {}, {1.4}) / exact - 1), 0.01);
}

TEST(ChargedBoxField, TheFirstFileThatKnowsTheChargeCounts) {
  data::DatasetHeader without = header_of({1}, box_of({1}));
  without.field.reset();
  const auto with = header_of({1}, box_of({1}));
  EXPECT_EQ(problems::field_energy_of({&without}), nullptr);
  EXPECT_NE(problems::field_energy_of({&without, &with}), nullptr);
  EXPECT_EQ(problems::field_energy_of(nullptr), nullptr);
  const std::vector<float> bad{std::nanf(""), 0};
  expect_error<Error>([&] { (void)problems::field_energy_of({&with})->of(bad, {}, {1}); },
                      {"particle 0", "not finite"});
}

}  // namespace
}  // namespace scorefield::test
