// import and export from outside: patterns, parameters, openPMD there and back.

#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class ImportCommand : public Cli {
 protected:
  /// x, v and t of a code that keeps its arrays apart, 20 particles at 3 times.
  void write_run(const std::string& name) const {
    std::vector<double> x, v, t{0, 0.5, 1};
    for (int i = 0; i < 60; ++i) {
      x.push_back(0.01 * i);
      v.push_back(1 - 0.01 * i);
    }
    auto file = h5::File::create(folder_ / name);
    file.write<double>("/x", x, {3, 20});
    file.write<double>("/v", v, {3, 20});
    file.write<double>("/t", t, {3});
    file.set_attribute("/", "T", 0.3);
    file.close();
  }
  [[nodiscard]] data::DatasetHeader header(const std::string& name) const {
    return data::DatasetReader(folder_ / name).header();
  }
};

TEST_F(ImportCommand, ParametersFromNamesTablesTuplesAndAttributes) {
  write_run("v0.25.h5");
  write_run("v0.5.h5");
  const auto done = succeed({"import", "v{v0}.h5", "--output", "a.h5", "--json"});
  const auto result = Json::parse(done.out);
  EXPECT_EQ(result["mu"], Json::parse("[[0.25], [0.5]]"));
  EXPECT_EQ(result["coordinates"], Json::parse(R"(["x", "v"])"));
  EXPECT_EQ(header("a.h5").mu_names, (std::vector<std::string>{"v0"}));

  succeed({"import", "v0.25.h5", "v0.5.h5", "--mu", "(1, 5), (2, 6)", "--output", "b.h5"});
  EXPECT_EQ(header("b.h5").mu, (std::vector<std::vector<double>>{{1, 5}, {2, 6}}));
  EXPECT_EQ(header("b.h5").mu_names, (std::vector<std::string>{"mu1", "mu2"}));

  data::write_text_file(folder_ / "runs.csv", "k,T\n1,5\n2,6\n");
  succeed({"import", "v0.25.h5", "v0.5.h5", "--mu", "@runs.csv", "--output", "c.h5"});
  EXPECT_EQ(header("c.h5").mu, header("b.h5").mu);
  EXPECT_EQ(header("c.h5").mu_names, (std::vector<std::string>{"k", "T"}));

  succeed({"import", "v0.25.h5", "--set", "import.mu=T", "--output", "d.h5"});
  EXPECT_EQ(header("d.h5").mu, (std::vector<std::vector<double>>{{0.3}}));
}

TEST_F(ImportCommand, SaysWhatDoesNotFit) {
  write_run("a.h5");
  fail(2, {"import", "a.h5", "--mu", "1,55", "--output", "d.h5"}, {"import.mu_values", "1.55, not 1,55"});
  fail(2, {"import", "a.h5", "--output", "d.h5"}, {"a.h5", "--mu", "run_{mu}.h5"});
  fail(1, {"import", "b_%T.h5", "--mu", "1", "--output", "d.h5"}, {"b_%T.h5", "matches"});
  fail(1, {"import", "a.h5", "--mu", "@none.csv", "--output", "d.h5"}, {"none.csv"});
}

TEST_F(ImportCommand, OpenpmdThereAndBack) {
  write_run("run.h5");
  succeed({"import", "run.h5", "--mu", "0.5", "--set", "import.periods=2,0", "--output", "a.h5"});
  EXPECT_THAT(succeed({"export", "a.h5", "--output", "pmd_{mu}.h5"}).out, HasSubstr("pmd_0.5.h5"));
  succeed({"import", "pmd_{mu}.h5", "--output", "b.h5"});
  const auto before = header("a.h5"), after = header("b.h5");
  EXPECT_EQ(after.coordinates, before.coordinates);
  EXPECT_EQ(after.periods, before.periods);
  EXPECT_EQ(after.time, before.time);
  EXPECT_EQ(after.mu, before.mu);
  fail(2, {"export", "a.h5", "--output", "a.h5"}, {"would replace"});
}

/// Charge, momentum and energy of a frame by what a reader of the files sees.
TEST_F(ImportCommand, ResampleKeepsChargeMomentumAndEnergy) {
  succeed(tiny_generate("a.h5"));
  succeed({"resample", "a.h5", "--particles", "40", "--output", "few.h5", "--quiet"});
  const data::DatasetReader before(folder_ / "a.h5"), after(folder_ / "few.h5");
  ASSERT_EQ(after.header().particles, 40);
  EXPECT_EQ(after.header().identity, data::Identity::marginals);
  std::vector<double> all(2 * 200), few(2 * 40), rates(2 * 40), weights(40);
  before.read_samples(1, 3, std::span(all));
  after.read_samples(1, 3, std::span(few));
  after.read_velocities(1, 3, std::span(rates));
  after.read_weights(1, 3, std::span(weights));
  for (const int power : {0, 1, 2}) {
    double sum = 0, expected = 0;
    for (std::size_t n = 0; n < 200; ++n) expected += std::pow(all[2 * n + 1], power);
    for (std::size_t n = 0; n < 40; ++n) sum += weights[n] * std::pow(few[2 * n + 1], power);
    EXPECT_NEAR(sum, expected, 1e-12 * 200) << "power " << power;
  }
  for (std::size_t n = 0; n < 40; ++n) EXPECT_EQ(rates[2 * n], few[2 * n + 1]) << "dx/dt = v goes with its particle";
  const auto evaluation = Json::parse(
      succeed({"evaluate", "few.h5", "--reference", "a.h5", "--json", "--quiet", "--set", "evaluate.floor=false"}).out);
  EXPECT_LT(evaluation.at("mean").at("electric_energy_error").get<double>(), 1) << "the problem's field is still known";
  fail(1, {"resample", "a.h5", "--particles", "5", "--output", "b.h5", "--quiet"}, {"5 particles", "at least"});
}

/// n = 1 + 0.2 cos(2 pi x/L + t) by weights of even particles, more of them and at other times in every run.
TEST_F(ImportCommand, EnergyOfWeightedFramesThatDiffer) {
  const auto write = [&](const std::string& name, const std::vector<double>& mu, std::int64_t particles,
                         double amplitude, double first_end = 1) {
    data::DatasetHeader header;
    header.provenance.format = data::kDatasetFormat;
    for (const double value : mu) header.mu.push_back({value});
    header.mu_names = {"mu"};
    header.coordinates = {"x", "v"};
    header.units = {"1", "1"};
    header.periods = {2, 0};
    header.identity = data::Identity::marginals;
    header.has_weights = true;
    header.field = data::ChargedBox{
        {"x"}, std::vector<std::vector<double>>(mu.size(), {2}), std::vector<double>(mu.size(), -1), 1};
    for (std::size_t m = 0; m < mu.size(); ++m)
      header.runs.push_back({{0, 0.4 + 0.1 * static_cast<double>(m), m == 0 ? first_end : 1},
                             {particles, particles + 300, particles + 40}});
    data::DatasetWriter writer(folder_ / name, header);
    for (std::size_t m = 0; m < mu.size(); ++m)
      for (std::size_t k = 0; k < 3; ++k) {
        const auto n = static_cast<std::size_t>(header.runs[m].particles[k]);
        std::vector<float> samples, weights;
        for (std::size_t i = 0; i < n; ++i) {
          const double x = 2 * (static_cast<double>(i) + 0.5) / static_cast<double>(n);
          samples.insert(samples.end(), {static_cast<float>(x), static_cast<float>(i % 7)});
          weights.push_back(static_cast<float>(3 + 3 * amplitude * std::cos(3.141592653589793 * x)));
        }
        writer.write_frame(static_cast<std::int64_t>(m), static_cast<std::int64_t>(k), std::span<const float>(samples),
                           {}, weights);
      }
    writer.commit();
  };
  write("train.h5", {1, 2}, 4000, 0.2);
  write("test.h5", {1.5}, 6000, 0.2);
  write("other.h5", {1.5}, 5000, 0.2 * std::sqrt(1.1));  // energy 1.1 times as large
  const auto evaluation =
      Json::parse(succeed({"evaluate", "other.h5", "--reference", "test.h5", "--training", "train.h5", "--json"}).out);
  const auto& mean = evaluation.at("mean");
  EXPECT_NEAR(mean.at("electric_energy_error").get<double>(), 0.1, 2e-3);
  for (const char* baseline : {"nearest", "interpolated", "mixture"})
    EXPECT_NEAR(mean.at("electric_energy_" + std::string(baseline)).get<double>(), 0, 2e-3) << baseline;
  EXPECT_THAT(evaluation.at("warnings").dump(), Not(HasSubstr("ends at time")));
  write("short.h5", {1, 2}, 4000, 0.2, 0.6);
  EXPECT_THAT(succeed({"evaluate", "other.h5", "--reference", "test.h5", "--training", "short.h5"}).out,
              HasSubstr("the training run at 1 ends at time 0.6, the prediction at 1"));
}

}  // namespace
}  // namespace scorefield::test
