#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>

#include "data/problems/frame_sink.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/mixture.hpp"

namespace scorefield::metrics {
namespace {

using ::testing::HasSubstr;
using Mean = std::function<double(const std::vector<double>& mu, double t)>;

constexpr std::int64_t kParticles = 400;
const std::vector<double> kTimes{0, 1, 2, 3, 4};

/// One coordinate: a mean that is known, plus and minus 1. Made by a problem, so that particles are taken in order.
void write_family(const std::string& path, const std::vector<std::vector<double>>& mu, const Mean& mean,
                  bool diagnostics = true, const std::vector<double>& times = kTimes) {
  data::DatasetHeader header;
  header.provenance = {data::kDatasetFormat, 1, "problem = \"two-stream\"\n", "", ""};
  header.mu = mu;
  for (std::size_t i = 0; i < mu.front().size(); ++i) header.mu_names.push_back("mu" + std::to_string(i));
  header.time = times;
  header.time_units = "1";
  header.particles = kParticles;
  header.coordinates = {"v"};
  header.units = {"1"};
  header.periods = {0};
  problems::DatasetSink sink(path);
  sink.begin(header);
  data::Diagnostics histories{times, {}};
  auto& series = histories.series["electric_energy"];
  series.shape = {header.mu_count(), header.frames()};
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const double centre = mean(mu[m], times[k]);
      series.values.push_back(centre);
      std::vector<float> samples;
      for (std::int64_t i = 0; i < kParticles; ++i)
        samples.push_back(static_cast<float>(centre + (i % 2 == 0 ? 1 : -1)));
      sink.write_frame(m, k, samples, {});
    }
  if (diagnostics) sink.write_diagnostics(histories);
  sink.finish();
}

/// "Electric energy" is the mean.
class MeanProblem : public problems::Problem {
 public:
  std::string name() const override { return "mean"; }
  std::string summary() const override { return ""; }
  std::string parameter() const override { return ""; }
  std::vector<double> training_mu() const override { return {}; }
  std::vector<double> test_mu() const override { return {}; }
  std::int64_t default_frames() const override { return 5; }
  void bind(OptionSet&) override {}
  void validate(const problems::GenerateOptions&) const override {}
  void generate(const problems::GenerateOptions&, problems::FrameSink&, const ProgressObserver&) const override {}
  bool has_electric_energy() const override { return true; }
  double electric_energy(std::span<const float> samples, const std::vector<double>&) const override {
    double sum = 0;
    for (const float v : samples) sum += v;
    return sum / static_cast<double>(samples.size());
  }
};

class BaselinesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("scorefield_baselines_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// The truth itself, off by `shift`, as a rollout at one mu, beside training runs of the same family.
  [[nodiscard]] Evaluation evaluate_family(const std::vector<std::vector<double>>& training,
                                           const std::vector<double>& mu, const Mean& mean, double shift = 0.5,
                                           const std::vector<double>& training_times = kTimes) const {
    write_family(path("training.h5"), training, mean, true, training_times);
    write_family(path("reference.h5"), {mu}, mean);
    write_family(path("rollout.h5"), {mu}, [&](const auto& at, double t) { return mean(at, t) + shift; }, false);
    EvaluateRequest request;
    request.rollout_path = path("rollout.h5");
    request.reference_path = path("reference.h5");
    request.training_path = path("training.h5");
    request.options.floor = false;
    request.options.points = kParticles;
    const MeanProblem problem;
    return evaluate(request, &problem);
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(BaselinesTest, AMixtureHasTheMomentsOfItsParts) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + mu[0] * t; };
  const auto at = evaluate_family({{1}, {2}, {5}}, {1.25}, mean).per_mu[0];
  // Three quarters at 1 + t, one at 1 + 2 t: the truth's mean, and 3/16 t^2 more of variance.
  double error = 0, spread = 0, size = 0, excess = 0;
  for (const double t : kTimes) {
    const double variance = 1 + 3.0 / 16 * t * t;
    error += std::pow(std::sqrt(variance) - 1, 2);
    spread += std::pow(1.25 * (t - 2), 2) + 1;
    excess += std::pow(variance - 1, 2);
    size += 1;
  }
  EXPECT_NEAR(*at.scores["electric_energy_error"].mixture, 0, 1e-6);
  EXPECT_NEAR(*at.scores["moments_error"].mixture, std::sqrt(error / spread), 1e-6);
  EXPECT_NEAR(*at.scores["covariance_error"].mixture, std::sqrt(excess / size), 1e-5);
  // W2 on the line, sorted against sorted. At t = 4 the truth has halves at 5 and 7, the mixture three eighths at 4 and
  // at 6, an eighth at 8 and at 10: squared distance 1 for seven eighths, 9 for the last.
  EXPECT_NEAR(at.scores["sliced_w2"].frames.mixture.front(), 0, 1e-6);
  EXPECT_NEAR(at.scores["sliced_w2"].frames.mixture.back(), std::sqrt(2.0) / at.coordinate_scales[0], 1e-5);
  EXPECT_TRUE(at.scores["sinkhorn"].mixture.has_value());
  EXPECT_FALSE(at.scores["sinkhorn"].cubic.has_value());
  EXPECT_FALSE(at.scores["moments_error"].cubic.has_value()) << "three training runs";
}

TEST_F(BaselinesTest, CubicInterpolationOfHistoriesIsExactForCubics) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + t * (mu[0] - std::pow(mu[0], 3) / 3); };
  const auto at = evaluate_family({{1.6}, {1.0}, {1.2}, {1.4}, {1.8}}, {1.3}, mean).per_mu[0];
  EXPECT_NEAR(*at.scores["electric_energy_error"].cubic, 0, 1e-12);
  EXPECT_GT(*at.scores["electric_energy_error"].interpolated, 1e-3);
  EXPECT_NEAR(*at.scores["moments_error"].cubic, 0, 1e-6);
  EXPECT_GT(*at.scores["moments_error"].interpolated, 1e-3);
  for (std::size_t k = 0; k < kTimes.size(); ++k)
    EXPECT_NEAR(at.electric_energy.cubic[k], mean({1.3}, kTimes[k]), 1e-12);
}

TEST_F(BaselinesTest, SeveralParametersAreInterpolatedInTheirSimplex) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + t * mu[0] - 1e-3 * t * mu[1]; };
  std::vector<std::vector<double>> grid;
  for (const double a : {1.0, 2.0, 3.0})
    for (const double b : {100.0, 300.0}) grid.push_back({a, b});
  const auto inside = evaluate_family(grid, {1.3, 250}, mean).per_mu[0];
  EXPECT_NEAR(*inside.scores["electric_energy_error"].interpolated, 0, 1e-12);
  EXPECT_NEAR(*inside.scores["moments_error"].interpolated, 0, 1e-6);
  EXPECT_NEAR(*inside.scores["electric_energy_error"].mixture, 0, 0.02) << "shares are whole particles";
  EXPECT_FALSE(inside.scores["electric_energy_error"].cubic.has_value());
  const auto outside = evaluate_family(grid, {3.5, 250}, mean).per_mu[0];
  EXPECT_FALSE(outside.scores["electric_energy_error"].interpolated.has_value());
  EXPECT_TRUE(outside.scores["electric_energy_error"].mixture.has_value()) << "by inverse distance";
}

TEST_F(BaselinesTest, TheBestOfAllIsNamedEvenWhenItIsNotThePrediction) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + mu[0] * t; };
  const Evaluation beaten = evaluate_family({{1}, {2}}, {1.5}, mean);
  auto json = nlohmann::json::parse(to_json(beaten));
  EXPECT_EQ(json["best"]["moments_error"], "interpolated");
  EXPECT_TRUE(json["per_mu"][0].contains("sinkhorn_mixture"));
  EXPECT_TRUE(json["per_mu"][0]["electric_energy"].contains("mixture"));
  EXPECT_THAT(to_table(beaten), HasSubstr("Best of all"));
  EXPECT_THAT(to_table(beaten), HasSubstr("Closer to the truth than the prediction: "));
  const Evaluation best =
      evaluate_family({{1}, {2}}, {1.5}, [](const auto& mu, double t) { return std::exp(t * mu[0]); }, 1e-3);
  json = nlohmann::json::parse(to_json(best));
  for (const char* key : {"electric_energy_error", "moments_error", "sinkhorn", "sliced_w2"})
    EXPECT_EQ(json["best"][key], "prediction") << key;
  EXPECT_THAT(to_table(best), ::testing::Not(HasSubstr("Closer to the truth")));
}

TEST_F(BaselinesTest, ATimeThatTheRunLeftOutIsMovedInto) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + mu[0] * t; };
  const auto at = evaluate_family({{1}, {2}}, {2}, mean, 0.5, {0, 1, 3.5, 4}).per_mu[0];
  EXPECT_NEAR(*at.scores["moments_error"].displacement, 0, 1e-6);
  EXPECT_NEAR(*at.scores["sliced_w2"].displacement, 0, 1e-5);
  EXPECT_GT(*at.scores["moments_error"].nearest, 0.1) << "the frame nearest in time";
  EXPECT_FALSE(evaluate_family({{1}, {2}}, {2}, mean).per_mu[0].scores["sliced_w2"].displacement.has_value())
      << "no time is left out";
  EXPECT_FALSE(evaluate_family({{1}, {2}}, {1.5}, mean, 0.5, {0, 1, 3.5, 4})
                   .per_mu[0]
                   .scores["sliced_w2"]
                   .displacement.has_value())
      << "no run at this mu";
}

TEST_F(BaselinesTest, HalvesOfTheTruthStandInForAMissingFloor) {
  const auto mean = [](const std::vector<double>& mu, double t) { return 1 + mu[0] * t; };
  const Evaluation result = evaluate_family({{1}, {2}}, {1.5}, mean, 1);
  const Score& score = result.mean["sliced_w2"];
  EXPECT_FALSE(score.floor.has_value());
  // Two random halves of 200 points at 1 and at -1: shares differ by about sqrt(1/400), W2^2 = 4 times that.
  EXPECT_GT(*score.halves, 0);
  EXPECT_LT(*score.halves, *score.prediction);
  EXPECT_TRUE(result.mean["moments_error"].halves.has_value());
  EXPECT_THAT(to_table(result), HasSubstr("halves: one half of the reference's particles against the other"));
  EXPECT_NE(nlohmann::json::parse(to_json(result))["best"]["sliced_w2"], "halves") << "they know the truth";
}

/// Imported particles whose density is 1 + a(t) cos(2 pi x), from E = (a/(4 pi))^2; mu is the growth of a.
class ImportedPlasma : public BaselinesTest {
 protected:
  static double amplitude(double mu, double t) { return 0.1 * std::exp(mu * t / 4); }
  static double energy(double mu, double t) { return std::pow(amplitude(mu, t) / (4 * std::numbers::pi), 2) * 4; }

  /// `unit`: of a recorded energy; 0: none is recorded.
  void write(const std::string& name, const std::vector<double>& values, double unit, bool charged = true) const {
    data::DatasetHeader header;
    header.provenance = {data::kDatasetFormat, 0, "command = \"import\"\n", "", ""};
    for (const double mu : values) header.mu.push_back({mu});
    header.mu_names = {"growth"};
    header.time = kTimes;
    header.time_units = "1";
    header.particles = 4000;
    header.coordinates = {"x"};
    header.units = {"1"};
    header.periods = {1};
    if (charged)
      header.field =
          data::ChargedBox{{"x"}, std::vector(values.size(), std::vector{1.0}), std::vector(values.size(), -2.0), 1};
    problems::DatasetSink sink(path(name));
    sink.begin(header);
    data::Diagnostics histories{kTimes, {}};
    auto& series = histories.series["electric_energy"];
    series.shape = {header.mu_count(), header.frames()};
    for (std::int64_t m = 0; m < header.mu_count(); ++m)
      for (std::int64_t k = 0; k < header.frames(); ++k) {
        const double a = amplitude(values[m], kTimes[k]) / (2 * std::numbers::pi);
        std::vector<float> samples;
        for (std::int64_t i = 0; i < header.particles; ++i) {
          double x = (i + 0.5) / static_cast<double>(header.particles);
          const double level = x;
          for (int step = 0; step < 30; ++step)
            x -= (x + a * std::sin(2 * std::numbers::pi * x) - level) /
                 (1 + 2 * std::numbers::pi * a * std::cos(2 * std::numbers::pi * x));
          samples.push_back(static_cast<float>(x));
        }
        sink.write_frame(m, k, samples, {});
        series.values.push_back(unit * energy(values[m], kTimes[k]));
      }
    if (unit != 0) sink.write_diagnostics(histories);
    sink.finish();
  }
  [[nodiscard]] Evaluation compare(double reference_unit, double training_unit) const {
    write("training.h5", {1, 2, 2.5, 3}, training_unit);
    write("reference.h5", {1.5}, reference_unit);
    write("rollout.h5", {1.5}, 0, false);
    EvaluateRequest request;
    request.rollout_path = path("rollout.h5");
    request.reference_path = path("reference.h5");
    request.training_path = path("training.h5");
    request.options.points = 64;
    return evaluate(request, nullptr);
  }
};

TEST_F(ImportedPlasma, HasItsElectricEnergyFromParticlesChargeAndBox) {
  const Evaluation result = compare(0, 0);
  const auto& at = result.per_mu[0];
  ASSERT_EQ(at.electric_energy_truth.size(), kTimes.size());
  for (std::size_t k = 0; k < kTimes.size(); ++k)
    EXPECT_NEAR(at.electric_energy_truth[k] / energy(1.5, kTimes[k]), 1, 3e-3) << k;
  EXPECT_NEAR(*at.scores["electric_energy_error"].prediction, 0, 1e-12);
  for (const auto& value : {at.scores["electric_energy_error"].nearest, at.scores["electric_energy_error"].interpolated,
                            at.scores["electric_energy_error"].cubic, at.scores["electric_energy_error"].mixture})
    EXPECT_GT(value.value_or(0), 1e-3);
  EXPECT_TRUE(result.mean["electric_energy_error_frames"].mixture.has_value());
  const auto& mode = at.scores["density_mode_1_error"];
  EXPECT_NEAR(*mode.prediction, 0, 1e-6);
  for (const auto& value : {mode.nearest, mode.interpolated, mode.cubic, mode.mixture})
    EXPECT_GT(value.value_or(0), 1e-3);
  EXPECT_TRUE(at.scores["total_variation"].mixture.has_value());
  EXPECT_FALSE(at.scores["mmd"].mixture.has_value()) << "one coordinate has cells";
  for (const auto& warning : result.warnings) {
    EXPECT_THAT(warning, ::testing::Not(HasSubstr("seed"))) << "nobody knows the seeds of imported runs";
    EXPECT_THAT(warning, ::testing::Not(HasSubstr("recorded")));
  }
}

TEST_F(ImportedPlasma, WhatAnotherCodeRecordedIsTheTruthInItsUnit) {
  for (const double training_unit : {0.0, 1000.0}) {
    const Evaluation result = compare(1000, training_unit);
    const auto& at = result.per_mu[0];
    EXPECT_NEAR(at.electric_energy_truth[2], 1000 * energy(1.5, 2), 1e-9);
    EXPECT_NEAR(*at.scores["electric_energy_error"].prediction, 0, 5e-3);
    EXPECT_LT(*at.scores["electric_energy_error"].nearest, 1) << "in the same unit";
    EXPECT_LT(*at.scores["electric_energy_error"].mixture, 1);
    EXPECT_THAT(result.warnings, ::testing::Contains(HasSubstr("multiplied by 1e+03")));
  }
}

TEST_F(BaselinesTest, AMixtureTakesNoRowTwice) {
  // Values are row numbers, the same in every run, as codes start every run from the same positions.
  data::DatasetHeader header;
  header.provenance = {data::kDatasetFormat, 1, "", "", ""};
  header.mu = {{1}, {2}, {3}};
  header.mu_names = {"mu"};
  header.time = {0};
  header.time_units = "1";
  header.particles = kParticles;
  header.coordinates = {"row"};
  header.units = {"1"};
  header.periods = {0};
  problems::DatasetSink sink(path("rows.h5"));
  sink.begin(header);
  std::vector<float> rows(kParticles);
  for (std::int64_t i = 0; i < kParticles; ++i) rows[i] = static_cast<float>(i);
  for (std::int64_t m = 0; m < 3; ++m) sink.write_frame(m, 0, rows, {});
  sink.finish();
  const metrics::Run run(path("rows.h5"));
  const auto samples = Mixture(run, {{0, 0.2}, {1, 0.5}, {2, 0.3}}, 4).particles(0).samples;
  EXPECT_EQ(samples.size(), static_cast<std::size_t>(kParticles));
  EXPECT_EQ(std::set<float>(samples.begin(), samples.end()).size(), samples.size());
  EXPECT_FALSE(std::is_sorted(samples.begin(), samples.begin() + 80)) << "rows of a file may be sorted by cell";
  EXPECT_EQ(Mixture(run, {{1, 1.0}}, 4).particles(0).samples, rows);
}

}  // namespace
}  // namespace scorefield::metrics
