#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/error.hpp"
#include "core/random.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/metrics/metric.hpp"
#include "training/metrics/scores_json.hpp"

namespace scorefield::metrics {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kParticles = 400;
constexpr double kLength = 10;

/// E(t; mu) = 1 + mu t: linear in mu, so interpolation is exact, and errors of copied runs are known.
double energy(double mu, double t) { return 1 + mu * t; }

struct Population {
  std::vector<double> mu;
  std::vector<double> time{0, 1, 2, 3, 4};
  double shift = 0;  ///< added to every velocity: an error that is known
  bool diagnostics = true;
  std::int64_t seed = 1;
  std::vector<std::string> coordinates{"x", "v"};
  std::int64_t particles = kParticles;
};

/// Velocities are E(t) plus a fixed even noise of mean zero; positions are fixed and fill the period.
void write_population(problems::FrameSink& sink, const Population& population) {
  data::DatasetHeader header;
  header.provenance = {data::kDatasetFormat, population.seed, "", "", ""};
  for (const double mu : population.mu) header.mu.push_back({mu});
  header.mu_names = {"mu"};
  header.time = population.time;
  header.time_units = "1";
  header.particles = population.particles;
  header.coordinates = population.coordinates;
  header.units = {"1", "1"};
  header.periods = {kLength, 0};
  sink.begin(header);
  data::Diagnostics diagnostics{population.time, {}};
  auto& series = diagnostics.series["electric_energy"];
  series.shape = {header.mu_count(), header.frames()};
  const Philox random(11, 0);
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const double e = energy(population.mu[m], population.time[k]);
      series.values.push_back(e);
      std::vector<float> samples;
      for (std::int64_t i = 0; i < population.particles; ++i) {
        const double noise = random.normals(i / 2)[0] * (i % 2 == 0 ? 1 : -1);
        samples.push_back(static_cast<float>(kLength * (i + 0.5) / static_cast<double>(population.particles)));
        samples.push_back(static_cast<float>(e + population.shift + noise));
      }
      sink.write_frame(m, k, samples, {});
    }
  }
  if (population.diagnostics) sink.write_diagnostics(diagnostics);
  sink.finish();
}

void write_population(const std::string& path, const Population& population) {
  problems::DatasetSink sink(path);
  write_population(sink, population);
}

/// "Electric energy" is the mean velocity; a generated run is off by floor_shift.
class FakeProblem : public problems::Problem {
 public:
  double floor_shift = 0.01;
  mutable problems::GenerateOptions asked;
  std::function<void()> during_generate = [] {};

  std::string name() const override { return "fake"; }
  std::string summary() const override { return "drifting population"; }
  std::string parameter() const override { return "growth of the drift"; }
  std::vector<double> training_mu() const override { return {}; }
  std::vector<double> test_mu() const override { return {}; }
  std::int64_t default_frames() const override { return 5; }
  void bind(OptionSet&) override {}
  void validate(const problems::GenerateOptions& options) const override {
    if (options.particles > 1000) throw UsageError("at most 1000 particles");
  }
  void generate(const problems::GenerateOptions& options, problems::FrameSink& sink,
                const ProgressObserver&) const override {
    asked = options;
    during_generate();
    std::vector<double> values;
    for (const auto& mu : options.mu) values.push_back(mu.front());
    write_population(sink, {.mu = values,
                            .shift = floor_shift,
                            .diagnostics = false,
                            .seed = options.seed,
                            .particles = options.particles});
  }
  bool has_electric_energy() const override { return true; }
  double electric_energy(std::span<const float> samples, const std::vector<double>&) const override {
    double sum = 0;
    for (std::size_t i = 1; i < samples.size(); i += 2) sum += samples[i];
    return sum / static_cast<double>(samples.size() / 2);
  }
};

/// |difference|_2 / |E|_2 over t = 0..4 at mu.
double exact_l2(double mu, const std::function<double(double)>& difference) {
  double error = 0;
  double norm = 0;
  for (int t = 0; t <= 4; ++t) {
    error += std::pow(difference(t), 2);
    norm += std::pow(energy(mu, t), 2);
  }
  return std::sqrt(error / norm);
}

class EvaluationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("scorefield_evaluation_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    request.rollout_path = path("rollout.h5");
    request.reference_path = path("reference.h5");
    request.training_path = path("training.h5");
    request.options.points = 64;
    request.options.projections = 16;
    write_population(request.rollout_path, {.mu = {1.25, 1.5}, .shift = 0.1, .diagnostics = false});
    write_population(request.reference_path, {.mu = {1.25, 1.5, 1.75}, .seed = 2});
    write_population(request.training_path, {.mu = {1.2, 1.5, 1.6}, .seed = 3});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] Evaluation run() const { return evaluate(request, &problem); }
  [[nodiscard]] std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  /// What evaluate throws, as text.
  template <class Exception>
  [[nodiscard]] std::string failure() const {
    try {
      (void)run();
    } catch (const Exception& error) {
      return error.what();
    }
    ADD_FAILURE() << "evaluate did not throw the expected exception";
    return "";
  }

  FakeProblem problem;
  EvaluateRequest request;

 private:
  std::filesystem::path folder_;
};

TEST_F(EvaluationTest, EnergyErrorsAndBaselinesAreTheKnownOnes) {
  const Evaluation result = run();
  ASSERT_EQ(result.per_mu.size(), 2u);
  const EvaluationAtMu& at = result.per_mu[0];
  const Score& error = at.scores["electric_energy_error"];
  EXPECT_NEAR(*error.prediction, exact_l2(1.25, [](double) { return 0.1; }), 1e-6);
  EXPECT_NEAR(*error.floor, exact_l2(1.25, [](double) { return 0.01; }), 1e-6);
  EXPECT_NEAR(*error.nearest, exact_l2(1.25, [](double t) { return 0.05 * t; }), 1e-6);
  EXPECT_NEAR(*error.interpolated, 0.0, 1e-12);
  EXPECT_EQ(at.nearest_mu, std::vector<double>{1.2});
  EXPECT_TRUE(*at.inside_training_range);
  EXPECT_FALSE(*at.is_training_mu);
  EXPECT_TRUE(*result.per_mu[1].is_training_mu);
  EXPECT_NEAR(*result.per_mu[1].scores["electric_energy_error"].nearest, 0.0, 1e-12);

  // Every frame here is above 5 % of the peak 1 + 4 mu.
  double frames = 0;
  for (int t = 0; t <= 4; ++t) frames += 0.1 / energy(1.25, t) / 5;
  EXPECT_NEAR(*at.scores["electric_energy_error_frames"].prediction, frames, 1e-6);
  EXPECT_NEAR(*result.mean["electric_energy_error"].prediction,
              (*error.prediction + *result.per_mu[1].scores["electric_energy_error"].prediction) / 2, 1e-12);
}

TEST_F(EvaluationTest, CloudsOfATranslatedPopulationAreItsShiftApart) {
  request.options.points = kParticles;
  request.options.projections = 256;
  const Evaluation result = run();
  const EvaluationAtMu& at = result.per_mu[0];
  const double shift = 0.1 / at.coordinate_scales[1];
  ASSERT_EQ(at.cloud_time.size(), 5u);
  EXPECT_NEAR(at.coordinate_scales[0], kLength / std::sqrt(12.0), 1e-9);
  // Sinkhorn: |shift|^2. Sliced W2 in the three coordinates of circle and line: about |shift|/sqrt(3).
  EXPECT_NEAR(*at.scores["sinkhorn"].prediction, shift * shift, 0.02 * shift * shift);
  EXPECT_NEAR(*at.scores["sliced_w2"].prediction, shift / std::sqrt(3.0), 0.06 * shift);
  EXPECT_NEAR(*at.scores["sliced_w2"].prediction / *at.scores["sliced_w2"].floor, 10.0, 0.01);
  // The nearest run drifts apart in time.
  EXPECT_NEAR(at.scores["sinkhorn"].frames.nearest.front(), 0.0, 1e-5);
  EXPECT_NEAR(at.scores["sinkhorn"].frames.nearest.back(), std::pow(0.05 * 4 / at.coordinate_scales[1], 2), 1e-4);
  EXPECT_FALSE(at.scores["sinkhorn"].interpolated.has_value());
}

TEST_F(EvaluationTest, MomentsOfATranslatedPopulationAreItsShiftApart) {
  const Evaluation result = run();
  const EvaluationAtMu& at = result.per_mu[0];
  // The truth has unit variance in v over all frames, and on the circle of x, of radius sqrt(12) / 2 pi, another 3 /
  // pi^2.
  const double unit = at.coordinate_scales[1] * std::sqrt(1 + 3 / std::pow(std::numbers::pi, 2));
  const Score& error = at.scores["moments_error"];
  EXPECT_NEAR(*error.prediction, 0.1 / unit, 1e-5);
  EXPECT_NEAR(*error.floor, 0.01 / unit, 1e-5);
  EXPECT_NEAR(*error.nearest, 0.05 * std::sqrt(6.0) / unit, 1e-5);  // drift .05 t; the mean square of 0, ..., 4 is 6
  EXPECT_NEAR(*error.interpolated, 0, 1e-5);
  EXPECT_NEAR(*at.scores["covariance_error"].prediction, 0, 1e-5);
  EXPECT_NEAR(*result.mean["moments_error"].prediction,
              (*error.prediction + *result.per_mu[1].scores["moments_error"].prediction) / 2, 1e-12);
  const auto json = nlohmann::json::parse(to_json(result));
  for (const char* key : {"moments_error", "moments_floor", "moments_nearest", "moments_interpolated",
                          "covariance_error", "covariance_floor", "covariance_nearest", "covariance_interpolated"}) {
    EXPECT_TRUE(json["per_mu"][0].contains(key)) << key;
    EXPECT_TRUE(json["mean"].contains(key)) << key;
  }
  EXPECT_THAT(to_table(result), HasSubstr("Moments, relative L2 over frames"));
}

TEST_F(EvaluationTest, ThePopulationItselfHasNoError) {
  request.rollout_path = request.reference_path;
  const Evaluation result = run();
  EXPECT_NEAR(*result.mean["electric_energy_error"].prediction, 0.0, 1e-6);
  EXPECT_EQ(*result.mean["sinkhorn"].prediction, 0.0);
  EXPECT_EQ(*result.mean["sliced_w2"].prediction, 0.0);
}

TEST_F(EvaluationTest, GeneratedFloorIsIndependentAndLeavesNoFile) {
  std::size_t files_during = 0;
  problem.during_generate = [&] { files_during = file_count(); };
  const Evaluation result = run();
  EXPECT_EQ(files_during, 3u);
  EXPECT_EQ(file_count(), 3u);
  EXPECT_EQ(problem.asked.mu, (std::vector<std::vector<double>>{{1.25}, {1.5}}));
  EXPECT_EQ(problem.asked.particles, kParticles);
  EXPECT_EQ(problem.asked.frames, 5);
  EXPECT_NE(problem.asked.seed, 2);
  EXPECT_THAT(result.floor, HasSubstr(std::to_string(problem.asked.seed)));
}

TEST_F(EvaluationTest, InterruptedFloorLeavesNoFile) {
  problem.during_generate = [&] { throw Interrupted("stopped"); };
  EXPECT_EQ(failure<Interrupted>(), "stopped");
  EXPECT_EQ(file_count(), 3u);
}

TEST_F(EvaluationTest, FloorFromAFile) {
  request.options.floor_file = path("floor.h5");
  write_population(request.options.floor_file, {.mu = {1.25, 1.5}, .shift = -0.2, .seed = 9});
  problem.during_generate = [] { FAIL() << "must not generate"; };
  const Evaluation result = run();
  // From its particles, not from its diagnostics, which know no shift.
  EXPECT_NEAR(*result.per_mu[0].scores["electric_energy_error"].floor, exact_l2(1.25, [](double) { return 0.2; }),
              1e-6);
  EXPECT_EQ(result.floor, request.options.floor_file);
}

TEST_F(EvaluationTest, AFloorThatCannotBeMadeIsAWarning) {
  write_population(request.rollout_path, {.mu = {1.25}, .particles = 1200});
  const Evaluation result = run();
  EXPECT_THAT(result.warnings, Contains(HasSubstr("no floor: at most 1000 particles")));
  EXPECT_FALSE(result.mean["electric_energy_error"].floor.has_value());
}

TEST_F(EvaluationTest, AbsentBaselinesAreAbsentKeys) {
  request.training_path.clear();
  request.options.floor = false;
  const auto json = nlohmann::json::parse(to_json(run()));
  const auto& at = json["per_mu"][0];
  EXPECT_TRUE(at.contains("electric_energy_error"));
  EXPECT_TRUE(at.contains("sinkhorn"));
  for (const char* key :
       {"electric_energy_floor", "electric_energy_nearest", "electric_energy_interpolated", "sinkhorn_floor",
        "sliced_w2_nearest", "moments_floor", "moments_interpolated", "inside_training_range", "nearest_mu"})
    EXPECT_FALSE(at.contains(key)) << key;
  EXPECT_FALSE(json["mean"].contains("electric_energy_floor"));
  EXPECT_FALSE(at["electric_energy"].contains("nearest"));
  EXPECT_EQ(at["electric_energy"]["prediction"].size(), 5u);
}

TEST_F(EvaluationTest, UnknownOriginIsComparedAsClouds) {
  const Evaluation result = evaluate(request, nullptr);
  EXPECT_FALSE(result.mean["electric_energy_error"].prediction.has_value());
  EXPECT_TRUE(result.mean["sinkhorn"].prediction.has_value());
  EXPECT_THAT(result.warnings, Contains(HasSubstr("evaluate.floor_file")));
  EXPECT_FALSE(nlohmann::json::parse(to_json(result))["per_mu"][0].contains("electric_energy"));
  EXPECT_THAT(to_table(result), Not(HasSubstr("Electric energy")));
}

TEST_F(EvaluationTest, ExtrapolationIsSaidAndNotInterpolated) {
  write_population(request.rollout_path, {.mu = {1.25, 1.75}});
  const Evaluation result = run();
  EXPECT_FALSE(*result.per_mu[1].inside_training_range);
  EXPECT_FALSE(result.per_mu[1].scores["electric_energy_error"].interpolated.has_value());
  EXPECT_TRUE(result.per_mu[0].scores["electric_energy_error"].interpolated.has_value());
  EXPECT_FALSE(result.mean["electric_energy_error"].interpolated.has_value());
  EXPECT_THAT(result.warnings, Contains(HasSubstr("mu = 1.75 lies outside the training range 1.2 to 1.6")));
  EXPECT_THAT(to_table(result), HasSubstr("1.75 !"));
}

TEST_F(EvaluationTest, TruthWithoutDiagnosticsComesFromParticles) {
  write_population(request.reference_path, {.mu = {1.25, 1.5}, .shift = 0.1, .diagnostics = false, .seed = 2});
  EXPECT_NEAR(*run().mean["electric_energy_error"].prediction, 0.0, 1e-6);
}

TEST_F(EvaluationTest, OtherTimesAreInterpolatedAndSaid) {
  write_population(request.rollout_path, {.mu = {1.25}, .time = {0, 0.5, 1.5, 4}, .shift = 0.1});
  const Evaluation result = run();
  // E(t) is linear in time too.
  EXPECT_NEAR(result.per_mu[0].electric_energy_truth[2], energy(1.25, 1.5), 1e-9);
  EXPECT_NEAR(result.per_mu[0].electric_energy.prediction[2] - energy(1.25, 1.5), 0.1, 1e-5);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("frames up to 0.5 apart")));
}

TEST_F(EvaluationTest, EquallySpacedMetricFrames) {
  request.options.frames = 3;
  EXPECT_EQ(run().per_mu[0].cloud_time, (std::vector<double>{0, 2, 4}));
  request.options.frames = 0;
  EXPECT_EQ(run().per_mu[0].cloud_time.size(), 5u);
}

TEST_F(EvaluationTest, SameSeedOfTrainingAndReferenceIsSaid) {
  write_population(request.training_path, {.mu = {1.2, 1.6}, .seed = 2});
  EXPECT_THAT(run().warnings, Contains(HasSubstr("share the seed 2")));
}

TEST_F(EvaluationTest, MissingMuNamesWhatThereIs) {
  write_population(request.rollout_path, {.mu = {1.25, 1.3}});
  const std::string message = failure<FileError>();
  EXPECT_THAT(message, HasSubstr("reference.h5"));
  EXPECT_THAT(message, HasSubstr("no run at mu = 1.3"));
  EXPECT_THAT(message, HasSubstr("1.25, 1.5, 1.75"));
  EXPECT_EQ(file_count(), 3u);
}

TEST_F(EvaluationTest, TimesBeyondTheReferenceAreRefused) {
  write_population(request.rollout_path, {.mu = {1.25}, .time = {0, 2, 5}});
  EXPECT_THAT(failure<FileError>(), HasSubstr("covers times 0 to 4, but the rollout needs 5"));
}

TEST_F(EvaluationTest, OtherStatesAreRefused) {
  write_population(request.rollout_path, {.mu = {1.25}, .coordinates = {"x", "p"}});
  EXPECT_THAT(failure<FileError>(), HasSubstr("holds coordinates x, p"));
}

TEST_F(EvaluationTest, BadOptionsAreRefused) {
  request.options.projections = 0;
  EXPECT_THAT(failure<UsageError>(), HasSubstr("evaluate.projections"));
  request.options.projections = 64;
  request.options.epsilon = 0;
  EXPECT_THAT(failure<UsageError>(), HasSubstr("evaluate.epsilon"));
}

TEST_F(EvaluationTest, UnusableFilesAreRefused) {
  request.rollout_path = path("nothing.h5");
  EXPECT_THAT(failure<FileError>(), HasSubstr("nothing.h5"));
  request.rollout_path = path("text.h5");
  std::ofstream(request.rollout_path) << "not HDF5";
  EXPECT_THAT(failure<FileError>(), HasSubstr("text.h5"));
}

TEST_F(EvaluationTest, OptionsAreBound) {
  OptionSet set;
  bind(set, request.options);
  set.set_assignment("evaluate.points=128");
  set.set_assignment("evaluate.floor=false");
  EXPECT_EQ(request.options.points, 128);
  EXPECT_FALSE(request.options.floor);
}

TEST_F(EvaluationTest, TableHasARowPerMuTheMeanAndAReading) {
  const std::string table = to_table(run());
  EXPECT_THAT(table, HasSubstr("\n1.25 "));
  EXPECT_THAT(table, HasSubstr("\n1.5 *"));
  EXPECT_THAT(table, HasSubstr("\nmean "));
  EXPECT_THAT(table, HasSubstr("Electric energy, relative L2 error"));
  EXPECT_THAT(table, HasSubstr("10 x above the floor"));
}

TEST_F(EvaluationTest, ProgressRisesToTheEnd) {
  std::int64_t last = -1;
  std::int64_t total = 0;
  const ProgressObserver observer = [&](const Progress& progress) {
    EXPECT_EQ(progress.done, last + 1);
    EXPECT_LT(progress.done, progress.total);
    last = progress.done;
    total = progress.total;
  };
  request.observer = observer;
  (void)evaluate(request, &problem);
  EXPECT_EQ(last + 1, total);
}

/// A metric is one entry of the table: what is written of it is what is read.
TEST(MetricTable, EveryScoreIsWrittenUnderItsOwnKeyAndReadBack) {
  Scores scores;
  double next = 1;
  std::size_t values = 0;
  for (const Metric& metric : metrics())
    kSources.for_each(
        [&](const Source&, std::optional<double>& value) {
          value = next++;
          ++values;
        },
        scores[metric]);
  nlohmann::ordered_json object;
  add_scores(object, scores);
  EXPECT_EQ(object.size(), values) << "two scores share a key";
  EXPECT_EQ(object.at("electric_energy_floor_frames"), *scores["electric_energy_error_frames"].floor);
  EXPECT_EQ(object.at("sliced_w2"), *scores["sliced_w2"].prediction);
  nlohmann::ordered_json again;
  add_scores(again, read_scores(nlohmann::json::parse(object.dump())));
  EXPECT_EQ(again, object);
}

TEST(MetricTable, TheMainMetricIsTheFieldsWhereThereIsOne) {
  Scores scores;
  EXPECT_EQ(main_metric(scores), nullptr);
  scores["sinkhorn"].prediction = 1;
  EXPECT_EQ(main_metric(scores), nullptr) << "not relative to the truth";
  scores["moments_error"].prediction = 1;
  EXPECT_STREQ(main_metric(scores)->key, "moments_error");
  scores["electric_energy_error"].prediction = 1;
  EXPECT_STREQ(main_metric(scores)->key, "electric_energy_error");
}

}  // namespace
}  // namespace scorefield::metrics
