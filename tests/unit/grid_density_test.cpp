// Densities as functions on a grid: of the grid solver, of rollouts by tracing nodes back, and their errors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "data/problems/problem.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/metrics/evaluation.hpp"
#include "training/model_file.hpp"
#include "training/rollout/grid_density.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using std::numbers::pi;
using test::expect_error;

/// dx/dt = c, dv/dt = -r v in physical units: positions stream, velocities decay, volume shrinks as exp(-r t).
class Shrinking : public Mover {
 public:
  Shrinking(const models::Normalizer& normalizer, double c, double r) : normalizer_(normalizer), c_(c), r_(r) {}
  void move(const Motion& motion, const integrators::FrameObserver& on_frame) const override {
    for (std::size_t k = 0; k < motion.times.size(); ++k) {
      const double t = normalizer_.time_span * (motion.times[k] - motion.times.front());
      auto x = motion.state.select(1, 0) + t * c_ / normalizer_.scale[0];
      const double length = normalizer_.normalized_period(0), center = normalizer_.center[1];
      x = x - length * (x / length).floor();
      const auto v = (motion.state.select(1, 1) * normalizer_.scale[1] + center) * std::exp(-r_ * t);
      std::vector<torch::Tensor> columns{x, (v - center) / normalizer_.scale[1]};
      if (motion.carried == Carried::log_density) columns.push_back(motion.state.select(1, 2) + r_ * t);
      on_frame(static_cast<std::int64_t>(k), torch::stack(columns, 1));
    }
  }

 private:
  models::Normalizer normalizer_;
  double c_, r_;
};

class GridDensityData : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  void generate(const std::string& file, std::vector<std::vector<double>> mu, const std::string& parameters = "") {
    const auto problem = problems::make_problem("vlasov");
    problems::GenerateOptions options;
    options.mu = std::move(mu);
    options.parameters = parameters;
    options.particles = 1500;
    options.frames = 21;
    OptionSet set;
    std::string name = "vlasov";
    set.add("problem", name, "");
    problems::bind(set, options);
    problem->bind(set);
    for (const char* assignment :
         {"vlasov.case=two-stream-wave", "vlasov.cells=128", "vlasov.velocity_cells=256", "vlasov.v_max=10",
          "vlasov.dt=0.025", "vlasov.duration=2", "vlasov.density_nodes=[32, 48]", "vlasov.density_low=[-6]",
          "vlasov.density_high=[6]"})
      set.set_assignment(assignment);
    options = problems::resolved(options, *problem);
    options.config = set.to_toml();
    problems::generate_dataset(*problem, options, path(file), {});
  }

  /// Of a model whose only content is how it moves particles.
  [[nodiscard]] static ReducedModel moving(const data::DatasetHeader& header, double c, double r) {
    ReducedModel model;
    model.header = header;
    model.kind = "test";
    auto& n = model.normalizer;
    n.center = {0, 0.3};
    n.scale = {2, 1.5};
    n.periods = header.periods;
    n.mu_center = {1};
    n.mu_scale = {1};
    n.time_start = 0;
    n.time_span = 2;
    model.mover = std::make_shared<Shrinking>(n, c, r);
    return model;
  }

  static double sum_of(const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) sum += value;
    return sum;
  }

  test::TemporaryFolder folder_;
};

TEST_F(GridDensityData, FollowsAKnownFlowExactly) {
  generate("data.h5", {{1}});
  const auto header = data::DatasetReader(path("data.h5")).header();
  const double c = 0.7, r = 0.4, t = 1.5;
  const auto model = moving(header, c, r);
  const GridDensity density(model, {}, *header.density);
  const auto values = density.at({1}, 0, t / 2);  // normalised
  const auto points = header.density->points();
  const auto problem = problems::problem_of(header);
  double worst = 0;
  for (std::size_t g = 0; g < values.size(); ++g) {
    const double x = points[2 * g] - c * t, v = points[2 * g + 1] * std::exp(r * t);
    const std::vector<double> start{x - 2 * pi * std::floor(x / (2 * pi)), v};
    const double expected = problem->initial_density(start, {1})->front() * std::exp(r * t);
    worst = std::max(worst, std::abs(values[g] - expected));
  }
  EXPECT_LT(worst, 1e-5 * 0.1);
  const double cell = header.density->axes[0].spacing * header.density->axes[1].spacing;
  EXPECT_NEAR(cell * sum_of(values), 1, 1e-3);
  EXPECT_NEAR(cell * sum_of(density.at({1}, 0, 0)), 1, 1e-3);
}

TEST_F(GridDensityData, NeedsAProblemThatKnowsItsStart) {
  data::DatasetHeader header;
  header.mu = {{1}};
  header.coordinates = {"x", "v"};
  header.periods = {2 * pi, 0};
  const auto model = moving(header, 0, 0);
  expect_error<UsageError>([&] { GridDensity(model, {}, {{{0, 1, 4}, {0, 1, 4}}}); }, {"infer.density_nodes"});
}

/// The force of three temperatures, at a fourth and at one of them; f of the solver, of the rollout, of interpolation.
TEST_F(GridDensityData, OfALearnedForceIsTheGridSolversF) {
  generate("train.h5", {{0.9}, {1}, {1.1}, {1.2}});
  generate("test.h5", {{1}, {1.05}});
  TrainConfig config;
  config.field.name = "force";
  OptionSet set;
  TrainConfig copy = config;
  bind(set, copy);
  static_cast<void>(train({.data_path = path("train.h5"),
                           .output_path = path("model.h5"),
                           .config = config,
                           .config_toml = set.to_toml()}));
  InferRequest request{.model_path = path("model.h5"), .output_path = path("rollout.h5")};
  request.options.mu = {{1}, {1.05}};
  request.options.frames = 6;
  request.options.density = {{32, 48}, {-6}, {6}};
  static_cast<void>(infer(request));
  metrics::EvaluateRequest evaluation{
      .rollout_path = path("rollout.h5"), .reference_path = path("test.h5"), .training_path = path("train.h5")};
  evaluation.options.floor = false;
  evaluation.options.points = 64;
  const auto result = metrics::evaluate(evaluation);
  const auto& seen = result.per_mu[0].scores["density_error"];
  const auto& unseen = result.per_mu[1].scores["density_error"];
  EXPECT_LT(*seen.prediction, 2e-3);
  EXPECT_EQ(*seen.nearest, 0);
  EXPECT_LT(*unseen.prediction, 2e-3);
  EXPECT_LT(*unseen.prediction, 0.5 * *unseen.interpolated);
  EXPECT_LT(*unseen.interpolated, *unseen.nearest);
  EXPECT_LT(*unseen.cubic, *unseen.interpolated);
  EXPECT_FALSE(unseen.mixture.has_value());
}

TEST_F(GridDensityData, OfAnotherGridIsRefused) {
  generate("train.h5", {{0.9}, {1}});
  TrainConfig config;
  config.field.name = "force";
  static_cast<void>(
      train({.data_path = path("train.h5"), .output_path = path("model.h5"), .config = config, .config_toml = ""}));
  InferRequest request{.model_path = path("model.h5"), .output_path = path("rollout.h5")};
  request.options.mu = {{1}};
  request.options.density = {{32, 24}, {-6}, {6}};
  static_cast<void>(infer(request));
  metrics::EvaluateRequest evaluation;
  evaluation.rollout_path = path("rollout.h5");
  evaluation.reference_path = path("train.h5");
  evaluation.options.floor = false;
  expect_error<FileError>([&] { static_cast<void>(metrics::evaluate(evaluation)); }, {"another grid", "density_nodes"});
  request.options.density.low = {};
  expect_error<UsageError>([&] { static_cast<void>(infer(request)); }, {"infer.density_low", "without a period"});
}

}  // namespace
}  // namespace scorefield::training
