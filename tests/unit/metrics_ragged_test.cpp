// Evaluation of files whose mu differ in their times, frames in their particles, and particles in their weights.

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/metrics/mixture.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {
namespace {

/// One mu of a file.
struct OneRun {
  double mu;
  std::vector<double> time;
};

/// Three in four of the particles lie at mu t - 1, one at mu t + 3: with equal weights the mean is mu t and the
/// variance
/// 3. Where they are weighted, there are as many of either, with the weights 3 and 1. The number grows from frame to
/// frame, unless there is one run alone.
void write_runs(const std::string& path, const std::vector<OneRun>& runs, bool weighted, double shift = 0) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  header.time_units = "1";
  header.coordinates = {"x"};
  header.units = {"1"};
  header.periods = {0};
  header.identity = data::Identity::marginals;
  header.has_weights = weighted;
  const bool dense = runs.size() == 1;
  for (const auto& [mu, time] : runs) {
    header.mu.push_back({mu});
    if (dense) header.time = time;
    else header.runs.push_back({time, {}});
    for (std::size_t k = 0; k < time.size() && !dense; ++k)
      header.runs.back().particles.push_back(static_cast<std::int64_t>(400 + 40 * k));
  }
  if (dense) header.particles = 400;
  data::DatasetWriter writer(path, header);
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k) {
      const auto frame = static_cast<std::int64_t>(k);
      std::vector<float> x, weights;
      for (std::int64_t i = 0; i < header.particles_at(m, frame); ++i) {
        const bool left = weighted ? i % 2 == 0 : i % 4 != 0;
        x.push_back(static_cast<float>(runs[m].mu * header.times(m)[k] + shift + (left ? -1 : 3)));
        if (weighted) weights.push_back(left ? 3e6F : 1e6F);
      }
      writer.write_frame(m, frame, x, {}, weights);
    }
  writer.commit();
}

class RaggedEvaluation : public ::testing::Test {
 protected:
  [[nodiscard]] EvaluationAtMu compared(const std::string& training = "") {
    EvaluateRequest request{.rollout_path = rollout_, .reference_path = reference_, .training_path = training};
    request.options.floor = false;
    return evaluate(request, nullptr).per_mu.at(0);
  }

  test::TemporaryFolder folder_;
  const std::string rollout_ = folder_.path("rollout.h5"), reference_ = folder_.path("reference.h5");
};

TEST_F(RaggedEvaluation, ComparesWeightedPopulationsAtTheTimesThatBothHave) {
  write_runs(reference_, {{9, {0, 1}}, {1.5, {0.5, 2, 3}}}, true);
  write_runs(folder_.path("training.h5"), {{1, {0, 1, 2, 3}}, {2.5, {0, 2, 3, 4}}}, true);
  for (const bool weighted : {true, false}) {  // in either form the same population, exactly right
    write_runs(rollout_, {{1.5, {0, 1, 2, 3, 4}}}, weighted);
    const auto at = compared(folder_.path("training.h5"));
    EXPECT_EQ(at.time, (std::vector<double>{2, 3}));
    EXPECT_EQ(at.cloud_time, at.time);
    EXPECT_NEAR(at.scores["moments_error"].prediction.value(), 0, 1e-6);
    EXPECT_NEAR(at.scores["sliced_w2"].prediction.value(), 0, 5e-4);  // the root of float32's rounding of a level
    EXPECT_NEAR(at.scores["sinkhorn"].prediction.value(), 0, 1e-4);
    // The nearest run lags by t/2: over the variance 3 at both times and that of the mean, (3/4)^2.
    const double expected = std::sqrt((1 + 2.25) / (2 * 3 + 2 * 0.5625));
    EXPECT_NEAR(at.scores["moments_error"].nearest.value(), expected, 1e-5);
    EXPECT_NEAR(at.scores["moments_error"].interpolated.value(), 0, 1e-6);
    EXPECT_TRUE(at.scores["moments_error"].mixture.has_value());
  }
  write_runs(rollout_, {{1.5, {0, 1, 2, 3, 4}}}, false, 0.5);
  EXPECT_NEAR(compared().scores["moments_error"].prediction.value(), 0.5 / std::sqrt(3 + 0.5625), 1e-5);
}

TEST_F(RaggedEvaluation, TimesThatTheTruthSpansWillDo) {
  write_runs(reference_, {{9, {0, 1}}, {1.5, {0.9, 2.1, 3.1}}}, true);
  write_runs(rollout_, {{1.5, {0, 1, 2, 3, 4}}}, true);
  EXPECT_EQ(compared().time, (std::vector<double>{1, 2, 3}));
  write_runs(reference_, {{9, {0, 1}}, {1.5, {50, 60, 70}}}, true);
  test::expect_error<FileError>([&] { (void)compared(); }, {reference_, "covers times 50 to 70"});
}

TEST_F(RaggedEvaluation, AMixtureHasOfEachRunItsShareOfTheWeight) {
  write_runs(reference_, {{1, {0, 1}}, {2, {0, 0.5, 1}}}, true);
  const metrics::Run run(reference_);
  const auto mixed = Mixture(run, {{0, 0.2}, {1, 0.8}}, 4).particles(1);
  ASSERT_EQ(mixed.samples.size(), mixed.weights.size());
  ASSERT_EQ(mixed.samples.size(), 440u);  // as many as the smaller frame has
  double first = 0, all = 0;
  for (std::size_t n = 0; n < mixed.samples.size(); ++n) {
    all += mixed.weights[n];
    if (n < 88) first += mixed.weights[n];
  }
  EXPECT_NEAR(first / all, 0.2, 0.03);
}

}  // namespace
}  // namespace scorefield::metrics
