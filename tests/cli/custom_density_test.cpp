// examples/custom_density, and bounds and names of targets, through the real binary.

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/random.hpp"
#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"
#include "tests/support/damage_file.hpp"

namespace scorefield::test {
namespace {

using ::testing::ElementsAre;

class CustomDensity : public Cli {
 protected:
  std::vector<double> column(const std::string& file, const std::string& name) const {
    return h5::File::open(folder_ / file).read<double>(name);
  }
  static double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
};

/// With as much data, the posterior of a line sits at the least squares; its deviations are those of the textbook.
TEST_F(CustomDensity, TheExamplesPosteriorIsThatOfItsData) {
  std::string text;
  double n = 200, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  const Philox random(3, 0);
  for (int i = 0; i < 200; ++i) {
    const double x = 0.01 * i - 1, y = 2 - 3 * x + 0.5 * random.normals(static_cast<std::uint64_t>(i))[0];
    text += std::to_string(x) + " " + std::to_string(y) + "\n";
    sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
  }
  write_text(folder_ / "line.txt", text);
  succeed({"sample", SCOREFIELD_EXAMPLE_DENSITY, "--data", "line.txt", "--method", "gas", "--particles", "400",
           "--output", "s.h5", "--quiet"});
  const double b = (n * sxy - sx * sy) / (n * sxx - sx * sx), a = (sy - b * sx) / n;
  const double variance = (syy - a * sy - b * sxy) / (n - 2);
  const double deviation_b = std::sqrt(variance / (sxx - sx * sx / n)), deviation_a = std::sqrt(variance / n);
  const auto slope = column("s.h5", "/variables/b"), sigma = column("s.h5", "/variables/s");
  EXPECT_NEAR(mean(column("s.h5", "/variables/a")), a, 0.3 * deviation_a);
  EXPECT_NEAR(mean(slope), b, 0.3 * deviation_b);
  EXPECT_NEAR(mean(sigma), std::sqrt(variance), 0.1 * std::sqrt(variance));
  double squares = 0;
  for (const double value : slope) squares += (value - b) * (value - b) / static_cast<double>(slope.size());
  EXPECT_NEAR(std::sqrt(squares), deviation_b, 0.25 * deviation_b);
  EXPECT_GT(*std::min_element(sigma.begin(), sigma.end()), 0);
  fail(1, {"sample", SCOREFIELD_EXAMPLE_DENSITY, "--output", "t.h5"}, {"cannot open", "two or more lines"});
}

TEST_F(CustomDensity, BoundedTargetsStayInsideAndAreNamed) {
  write_text(folder_ / "run.toml", "[target]\nbounds = [[-1.0, inf], [-inf, inf]]\nvariables = \"v[2]\"\n");
  succeed({"sample", "gaussian", "--method", "mpm", "--particles", "300", "--config", "run.toml", "--output", "s.h5",
           "--quiet", "--set", "sample.frames=2", "--set", "sample.diagnostics=false"});
  const auto file = h5::File::open(folder_ / "s.h5");
  EXPECT_THAT(file.strings_attribute("/samples", "names"), ElementsAre("v[1]", "v[2]"));
  EXPECT_EQ(file.string_attribute("/log_prob", "over"), "samples");
  EXPECT_FALSE(file.exists("/density")) << "a grid of the sampler's coordinates would not belong to the samples";
  const auto x = column("s.h5", "/samples"), u = column("s.h5", "/unconstrained"), v = column("s.h5", "/variables/v"),
             log_p = column("s.h5", "/log_prob"), frames = column("s.h5", "/frames/positions");
  EXPECT_EQ(x, v);
  EXPECT_EQ(std::vector<double>(frames.end() - 600, frames.end()), x);
  double sum = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    const double a = x[2 * i], b = x[2 * i + 1];
    EXPECT_GT(a, -1);
    EXPECT_NEAR(std::log(a + 1), u[2 * i], 1e-9);
    EXPECT_EQ(b, u[2 * i + 1]);
    EXPECT_NEAR(log_p[i] - log_p[0],
                -(a * a - 1.6 * a * b + b * b) / 0.72 + (x[0] * x[0] - 1.6 * x[0] * x[1] + x[1] * x[1]) / 0.72, 1e-9);
    sum += a / 300;
  }
  EXPECT_NEAR(sum, 0.2876, 0.1) << "phi(1)/Phi(1)";
  succeed({"sample", "gaussian", "--config", "run.toml", "--initial", "s.h5", "--steps", "2", "--output", "t.h5",
           "--quiet", "--set", "sample.diagnostics=false"});
  fail(2, {"sample", "gaussian", "--set", "target.bounds=[[3, 2]]", "--output", "f.h5"}, {"lower limit below"});
  fail(2, {"sample", "gaussian", "--set", "target.transform=ordered*3", "--output", "f.h5"},
       {"3 coordinates", "has 2"});
  write_text(folder_ / "half.toml", "family = \"gaussian\"\nbounds = [[-1, inf]]\n");
  fail(2, {"sample", "half.toml", "--set", "target.bounds=[[0, 1]]", "--output", "f.h5"}, {"of its own"});
}

}  // namespace
}  // namespace scorefield::test
