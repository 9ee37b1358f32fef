// A few weighted particles stand for many: conserved sums to rounding, and far nearer than random ones.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/reduction/reduction.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::test {
namespace {

using reduction::Population;

/// Two beams in a periodic box, [N, 2] (x, v), with weights between 0.5 and 1.5.
struct Beams {
  explicit Beams(std::int64_t count)
      : x(static_cast<std::size_t>(2 * count)), weights(static_cast<std::size_t>(count)) {
    const Philox random(1, 2);
    for (std::size_t n = 0; n < weights.size(); ++n) {
      const auto place = random.uniforms(2 * n), kind = random.normals(2 * n + 1);
      x[2 * n] = 5 * place[0];
      x[2 * n + 1] = (place[1] < 0.5 ? -1.5 : 1.5) + 0.3 * kind[0];
      weights[n] = 0.5 + place[1];
    }
    population = {.count = count, .dimension = 2, .x = x.data(), .weights = weights.data(), .periods = {5, 0}};
  }
  std::vector<double> x, weights;
  Population population;
};

/// Mean distance between the points of two weighted sets, x on its circle.
double mean_distance(const Beams& beams, const std::vector<std::int64_t>& a, const std::vector<double>& wa,
                     const std::vector<std::int64_t>& b, const std::vector<double>& wb) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto p = static_cast<std::size_t>(2 * a[i]), q = static_cast<std::size_t>(2 * b[j]);
      const double chord = 2 * std::sin(M_PI * (beams.x[p] - beams.x[q]) / 5);
      sum += wa[i] * wb[j] * std::hypot(chord, (beams.x[p + 1] - beams.x[q + 1]) / 1.53);
    }
  return sum / (std::accumulate(wa.begin(), wa.end(), 0.0) * std::accumulate(wb.begin(), wb.end(), 0.0));
}

double energy_distance(const Beams& beams, const std::vector<std::int64_t>& rows, const std::vector<double>& weights) {
  std::vector<std::int64_t> all(beams.weights.size());
  std::iota(all.begin(), all.end(), 0);
  return 2 * mean_distance(beams, rows, weights, all, beams.weights) -
         mean_distance(beams, rows, weights, rows, weights) -
         mean_distance(beams, all, beams.weights, all, beams.weights);
}

TEST(Reduction, KeepsChargeMomentumAndEnergy) {
  const Beams beams(20000);
  const auto reduced = reduction::reduce(beams.population, reduction::moments_of(beams.population), 100, 7, 0);
  ASSERT_EQ(reduced.rows.size(), 100u);
  for (const int power : {0, 1, 2}) {
    long double before = 0, after = 0, size = 0;
    const auto term = [&](std::size_t n) { return std::pow(static_cast<long double>(beams.x[2 * n + 1]), power); };
    for (std::size_t n = 0; n < beams.weights.size(); ++n) {
      before += beams.weights[n] * term(n);
      size += beams.weights[n] * std::abs(term(n));
    }
    for (std::size_t i = 0; i < reduced.rows.size(); ++i)
      after += reduced.weights[i] * term(static_cast<std::size_t>(reduced.rows[i]));
    EXPECT_LT(std::abs(static_cast<double>((after - before) / size)), 1e-14) << "power " << power;
  }
  for (const double weight : reduced.weights) EXPECT_GT(weight, 0);
}

/// Random draws: the energy distance is E|X - X'| / n less that of the population itself.
TEST(Reduction, MuchNearerThanRandomThinning) {
  const Beams beams(2000);
  const auto reduced = reduction::reduce(beams.population, reduction::moments_of(beams.population), 100, 7, 0);
  std::vector<std::int64_t> random;
  for (std::int64_t n = 0; n < 2000; n += 20) random.push_back(n);  // independent rows: any are as good as drawn
  std::vector<double> weights;
  for (const std::int64_t n : random) weights.push_back(beams.weights[static_cast<std::size_t>(n)]);
  const double ours = energy_distance(beams, reduced.rows, reduced.weights);
  const double thinned = energy_distance(beams, random, weights);
  EXPECT_LT(ours, thinned / 20) << ours << " " << thinned;
}

/// Of a quiet start every eighth particle lies in one eighth of the box.
TEST(Reduction, StandsForQuietStarts) {
  Beams beams(20480);
  for (std::size_t n = 0; n < beams.weights.size(); ++n) {
    double place = 0, digit = 0.5;
    for (std::size_t rest = n; rest > 0; rest /= 2, digit /= 2) place += digit * static_cast<double>(rest % 2);
    beams.x[2 * n] = 5 * place;
    beams.weights[n] = 1;
  }
  const auto reduced = reduction::reduce(beams.population, {}, 256, 7, 0);
  double cosine = 0, sine = 0;
  for (const auto row : reduced.rows) {
    const double angle = 2 * M_PI * beams.x[static_cast<std::size_t>(2 * row)] / 5;
    cosine += std::cos(angle) / 256;
    sine += std::sin(angle) / 256;
  }
  EXPECT_LT(std::hypot(cosine, sine), 0.02);
}

TEST(Reduction, SaysWhenThereAreTooFew) {
  const Beams beams(50);
  const auto features = reduction::moments_of(beams.population);
  expect_error<Error>([&] { (void)reduction::reduce(beams.population, features, 5, 0, 0); },
                      {"5 particles", "12 at least"});
  expect_error<Error>([&] { (void)reduction::reduce(beams.population, features, 60, 0, 0); }, {"60 particles", "50"});
}

}  // namespace
}  // namespace scorefield::test
