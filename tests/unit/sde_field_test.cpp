// Drift and noise of trajectories of stochastic systems that are known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"
#include "solvers/integrators.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_values.hpp"
#include "training/fields/choose_field.hpp"
#include "training/fields/sde/drift_library.hpp"
#include "training/fields/sde/noise_seen.hpp"
#include "training/fields/sde/sde_fit.hpp"
#include "training/fields/sde/weak_drift.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// dX = b(X; mu) dt + sigma dW, two coordinates alike and independent, by steps a twentieth of those that are stored.
struct System {
  std::function<Tensor(const Tensor& x, double mu)> drift;
  std::function<Tensor(const Tensor& x)> sigma;
  double start = 1;  ///< deviation
};

constexpr std::int64_t kParticles = 3000;

std::vector<double> even_times(std::int64_t count, double step) {
  std::vector<double> times;
  for (std::int64_t k = 0; k < count; ++k) times.push_back(step * static_cast<double>(k));
  return times;
}

void write(const std::string& path, const System& system, const std::vector<double>& mu,
           const std::vector<double>& times) {
  torch::manual_seed(11);
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  for (const double value : mu) header.mu.push_back({value});
  header.time = times;
  header.time_units = "1";
  header.particles = kParticles;
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  data::DatasetWriter writer(path, header);
  for (std::size_t m = 0; m < mu.size(); ++m) {
    Tensor x = system.start * torch::randn({kParticles, 2}, torch::kFloat64);
    for (std::size_t k = 0; k < times.size(); ++k) {
      if (k > 0) {
        const double h = (times[k] - times[k - 1]) / 20;
        for (int i = 0; i < 20; ++i)
          x = x + h * system.drift(x, mu[m]) + std::sqrt(h) * system.sigma(x) * torch::randn_like(x);
      }
      const Tensor stored = x.to(torch::kFloat32).contiguous();
      writer.write_frame(static_cast<std::int64_t>(m), static_cast<std::int64_t>(k), test::values_of(stored));
    }
  }
  writer.commit();
}

/// A model of a file, and what a test asks of it in physical units.
class Learned {
 public:
  Learned(const std::string& path, SdeOptions options, std::int64_t steps, std::int64_t width = 32)
      : reader_(path),
        normalizer_(compute_normalizer(reader_, {}, 2)),
        model_((options.width = width, options.depth = 2, options.batch = 2048, normalizer_), options, 1) {
    const IncrementTable table(reader_, normalizer_, 0.05, 1 << 30, 1);
    SingleRunOptions training{.steps = steps};
    training.optimizer.kind = optim::OptimizerKind::adam;
    fit_ = fit_sde(table, normalizer_, training, model_, {});
  }

  [[nodiscard]] double drift(double x, double mu, double t = 0.5) const {
    const Tensor at = normalised(torch::tensor({{x, 0.0}}));
    const Tensor b = model_.drift_at(at, mu_tensor(mu, 1), torch::full({1, 1}, t));
    return b[0][0].item<double>() * normalizer_.scale[0] / normalizer_.time_span;
  }
  [[nodiscard]] double sigma(double x, double mu) const {
    const Tensor s = model_.sigma_at(normalised(torch::tensor({{x, 0.0}})), mu_tensor(mu, 1), torch::full({1, 1}, 0.5));
    return s[0][0].item<double>() * normalizer_.scale[0] / std::sqrt(normalizer_.time_span);
  }
  /// Moves particles by steps of the data's size.
  [[nodiscard]] Tensor moved(Tensor x, double mu, std::int64_t steps) const {
    const torch::NoGradGuard no_grad;
    Tensor state = normalised(x);
    for (std::int64_t i = 0; i < steps; ++i)
      state = sde_step(model_, state, normalizer_.normalized_mu({mu}), 0.5, model_.step,
                       integrators::step_noise(state, 3, static_cast<std::uint64_t>(i)));
    return state.to(torch::kFloat64) * torch::tensor(normalizer_.scale, torch::kFloat64) +
           torch::tensor(normalizer_.center, torch::kFloat64);
  }
  [[nodiscard]] const SdeModel& model() const { return model_; }
  [[nodiscard]] const SingleRun& fit() const { return fit_; }
  [[nodiscard]] const models::Normalizer& normalizer() const { return normalizer_; }

 private:
  [[nodiscard]] Tensor normalised(const Tensor& x) const {
    return ((x.to(torch::kFloat64) - torch::tensor(normalizer_.center, torch::kFloat64)) /
            torch::tensor(normalizer_.scale, torch::kFloat64))
        .to(torch::kFloat32);
  }
  [[nodiscard]] Tensor mu_tensor(double mu, std::int64_t rows) const {
    return torch::full({rows, 1}, normalizer_.normalized_mu({mu})[0], torch::kFloat32);
  }

  data::DatasetReader reader_;
  models::Normalizer normalizer_;
  SdeModel model_;
  SingleRun fit_;
};

const auto kOrnsteinUhlenbeck = [](const Tensor& x, double mu) { return -mu * x; };

TEST(SdeField, FindsDriftAndNoiseOfOrnsteinUhlenbeckAndKeepsItStationary) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("ou.h5");
  write(path, {kOrnsteinUhlenbeck, [](const Tensor& x) { return torch::full_like(x, 0.5); }}, {0.8, 1.0, 1.2},
        even_times(31, 0.1));
  const Learned learned(path, {}, 300);
  for (const double mu : {0.9, 1.1}) {
    for (const double x : {-0.7, 0.0, 0.7}) EXPECT_NEAR(learned.drift(x, mu), -mu * x, 0.05) << x << " " << mu;
    // Of one step: sigma^2 (1 - exp(-2 mu h))/(2 mu h), what leads to the right place after it.
    EXPECT_NEAR(learned.sigma(0.2, mu), 0.5 * std::sqrt((1 - std::exp(-0.2 * mu)) / (0.2 * mu)), 0.006);
  }
  // A hundred relaxation times: the deviation is that of the equation, and does not decay as a gradient field's would.
  const Tensor end = learned.moved(torch::zeros({20000, 2}), 1.0, 1000);
  EXPECT_NEAR(end.std().item<double>(), 0.5 / std::sqrt(2.0), 0.012);
  EXPECT_NEAR(end.mean().item<double>(), 0, 0.015);
  EXPECT_GT(learned.fit().history.step.size(), 2U);
}

TEST(SdeField, CrossesTheBarrierOfADoubleWellAsOftenAsTheSystem) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("well.h5");
  const System system{[](const Tensor& x, double) { return x - x.pow(3); },
                      [](const Tensor& x) { return torch::full_like(x, 0.7); }, 0.3};
  std::vector<double> times{0};  // uneven
  for (int k = 0; k < 60; ++k) times.push_back(times.back() + (k % 3 == 0 ? 0.02 : 0.05));
  write(path, system, {1.0, 2.0}, times);
  const Learned learned(path, {.autonomous = true}, 400, 128);
  EXPECT_NEAR(learned.sigma(0.0, 1.5), 0.7, 0.015);
  // What one midpoint step of 0.04 needs is -0.56 at 1.2, where the equation has -0.528: the step's mean has sigma^2/2
  // b'' in the place of (b^2)''/2. The data of one mu leave 0.04 of uncertainty there, and the network more.
  double steep = 0;
  for (const double mu : {1.0, 2.0}) {
    for (const double x : {-1.2, 1.2}) {
      EXPECT_NEAR(learned.drift(x, mu), x > 0 ? -0.56 : 0.56, 0.2) << x << " " << mu;
      steep += std::abs(learned.drift(x, mu)) / 4;
    }
    for (const double x : {-0.8, -0.4, 0.0, 0.4, 0.8}) EXPECT_NEAR(learned.drift(x, mu), x - x * x * x, 0.1) << x;
  }
  EXPECT_NEAR(steep, 0.56, 0.13);
  // Everyone starts in one well; the share that has crossed at t, beside that of the system itself.
  torch::manual_seed(5);
  Tensor truth = torch::ones({20000, 2}, torch::kFloat64);
  const double h = learned.model().step * learned.normalizer().time_span;
  const auto steps = static_cast<std::int64_t>(4 / h);
  for (std::int64_t i = 0; i < 10 * steps; ++i)
    truth = truth + h / 10 * (truth - truth.pow(3)) + 0.7 * std::sqrt(h / 10) * torch::randn_like(truth);
  const auto crossed = [](const Tensor& x) { return (x < 0).to(torch::kFloat64).mean().item<double>(); };
  EXPECT_GT(crossed(truth), 0.1);
  EXPECT_NEAR(crossed(learned.moved(torch::ones({20000, 2}), 1.5, steps)), crossed(truth), 0.02);
}

TEST(SdeField, NoiseMayDependOnTheState) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("state.h5");
  write(path, {[](const Tensor& x, double) { return -x; }, [](const Tensor& x) { return 0.4 + 0.2 * x.tanh(); }},
        {1.0, 2.0}, even_times(31, 0.04));
  const Learned learned(path, {.noise = NoiseKind::state}, 400);
  for (const double x : {-0.6, 0.0, 0.6}) EXPECT_NEAR(learned.sigma(x, 1.5), 0.4 + 0.2 * std::tanh(x), 0.025) << x;
}

TEST(SdeField, MatchesAStepOfTheDataAndNotTheDerivative) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("large.h5");
  // Steps of 0.6: exp(-0.6) = 0.549 by the midpoint rule needs 1 - hb + (hb)^2/2 = 0.549, where b = 1 gives 0.58.
  write(path, {[](const Tensor& x, double) { return -x; }, [](const Tensor& x) { return torch::full_like(x, 0.01); }},
        {1.0, 2.0}, even_times(6, 0.6));
  const Learned learned(path, {.autonomous = true}, 300);
  const Tensor end = learned.moved(torch::full({4000, 2}, 1.0), 1.5, 3);
  EXPECT_NEAR(end.mean().item<double>(), std::pow(1 - 0.03, 60), 0.006);
}

TEST(SdeField, LibrariesHoldEveryProductOnce) {
  const DriftLibrary library(3, 1, {.state = 2, .mu = 1, .time = 2});
  ASSERT_EQ(library.size(), 10 * 2 * 3);
  EXPECT_EQ(DriftLibrary::size_of(3, 1, library.degrees()), 60);
  const Tensor state = torch::tensor({{2.0, 3.0, 5.0}}), mu = torch::tensor({{7.0}}), t = torch::tensor({{0.75}});
  EXPECT_THAT(test::values_of(library.of_state(state).to(torch::kFloat32).contiguous()),
              ::testing::UnorderedElementsAre(1, 2, 3, 5, 4, 6, 10, 9, 15, 25));
  EXPECT_THAT(test::values_of(library.of_course(mu, t).to(torch::kFloat32).contiguous()),
              ::testing::UnorderedElementsAre(1, 0.5, -0.5, 7, 3.5, -3.5));
  const Tensor all = library(state, mu, t), products = library.of_state(state).t().matmul(library.of_course(mu, t));
  EXPECT_TRUE(torch::equal(all.flatten(), products.flatten()));
}

TEST(SdeField, APolynomialDriftIsFoundBeforeTheFirstStepOfTraining) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("well.h5");
  const System system{[](const Tensor& x, double mu) { return mu * x - x.pow(3); },
                      [](const Tensor& x) { return torch::full_like(x, 0.5); }, 0.5};
  write(path, system, {0.5, 1.0, 1.5}, even_times(61, 0.05));
  const Learned learned(path, {.autonomous = true}, 1);
  EXPECT_GE(learned.model().library.degrees().state, 3);
  for (const double mu : {0.7, 1.2})
    for (const double x : {-1.0, -0.4, 0.3, 0.9}) EXPECT_NEAR(learned.drift(x, mu), mu * x - x * x * x, 0.1) << x;
}

TEST(SdeField, BeyondTheDataADriftStaysWhatItIsAtTheirEnd) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("well.h5");
  write(
      path,
      {[](const Tensor& x, double) { return x.pow(2); }, [](const Tensor& x) { return torch::full_like(x, 0.1); }, 0.1},
      {1.0, 2.0}, even_times(11, 0.05));
  const Learned learned(path, {.autonomous = true}, 1);
  EXPECT_EQ(learned.drift(5, 1.5), learned.drift(50, 1.5));
}

TEST(SdeField, BodiesThatAreAlikeShareOneDrift) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("bodies.h5");
  // Each body is drawn to 1 and to the mean of both, which a body's own coordinate does not know.
  write(path,
        {[](const Tensor& x, double mu) { return mu * (1 - x) - 2 * (x - x.mean(1, true)); },
         [](const Tensor& x) { return torch::full_like(x, 0.3); }},
        {0.8, 1.2}, even_times(31, 0.05));
  const Learned learned(path, {.autonomous = true, .alike = true}, 1);
  EXPECT_EQ(learned.model().rows.outputs(), 1);
  for (const double x : {-0.5, 0.0, 0.8})  // the other one is at 0
    EXPECT_NEAR(learned.drift(x, 1.0), (1 - x) - x, 0.06) << x;
  const Tensor end = learned.moved(torch::tensor({{-1.0, 1.0}}).repeat({4000, 1}), 1.0, 100);
  EXPECT_NEAR(end.mean().item<double>(), 1, 0.02);
}

TEST(SdeField, SnapshotsGiveDriftAndNoiseByTheWeakForm) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("snapshots.h5");
  const System system{[](const Tensor& x, double mu) { return mu * x - x.pow(3); },
                      [](const Tensor& x) { return torch::full_like(x, 0.5); }, 0.1};
  write(path, system, {0.5, 1.0, 1.5}, even_times(61, 0.05));
  data::DatasetReader reader(path);
  reader.ignore_identity();
  const auto normalizer = compute_normalizer(reader, {}, 2);
  SdeModel model(normalizer, {.width = 8, .depth = 1, .autonomous = true}, 1);
  EXPECT_GT(fit_weak_drift(reader, normalizer, 1, model), 0.9);
  const auto drift = [&](double x, double mu) {
    const Tensor at = torch::tensor({{(x - normalizer.center[0]) / normalizer.scale[0], -normalizer.center[1]}});
    const Tensor of_mu = torch::full({1, 1}, normalizer.normalized_mu({mu})[0], torch::kFloat32);
    return model.drift_at(at.to(torch::kFloat32), of_mu, torch::full({1, 1}, 0.5))[0][0].item<double>() *
           normalizer.scale[0] / normalizer.time_span;
  };
  for (const double mu : {0.7, 1.2})
    for (const double x : {-0.8, -0.3, 0.3, 0.8}) EXPECT_NEAR(drift(x, mu), mu * x - x * x * x, 0.15) << x << " " << mu;
  EXPECT_NEAR(model.sigma[0] * normalizer.scale[0] / std::sqrt(normalizer.time_span), 0.5, 0.05);
}

TEST(SdeField, RolloutsDoNotDependOnTheNumberOfThreads) {
  const models::Normalizer normalizer{
      .center = {0, 0}, .scale = {1, 1}, .periods = {0, 3}, .velocity_of = {}, .mu_center = {0}, .mu_scale = {1}};
  SdeModel model(normalizer, {.width = 16, .depth = 2}, 4);
  {
    const torch::NoGradGuard no_grad;
    torch::manual_seed(1);
    for (const auto& [name, value] : model.parameters()) value.add_(0.1 * torch::randn_like(value));
  }
  const Tensor x = torch::randn({5000, 2});
  const auto step = [&](int threads) {
    set_thread_count(threads);
    return sde_step(model, x, {0.3}, 0.5, 0.1, integrators::step_noise(x, 3, 7));
  };
  const int threads = thread_count();
  const Tensor one = step(1), three = step(3);
  set_thread_count(threads);
  EXPECT_TRUE(torch::equal(one, three));
}

TEST(SdeField, IsTrainedRolledOutAndGuidedLikeAnyOther) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("ou.h5"), model = folder.path("model.h5"), rollout = folder.path("rollout.h5");
  write(path, {kOrnsteinUhlenbeck, [](const Tensor& x) { return torch::full_like(x, 0.5); }}, {0.8, 1.0, 1.2},
        even_times(21, 0.1));
  TrainConfig config;
  config.field.name = "sde";
  config.training.steps = 60;
  config.training.log_every = 20;
  config.optimizer.learning_rate = 1e-3;
  OptionSet keys;
  TrainConfig copy = config;
  bind(keys, copy);
  const auto result = train({.data_path = path, .output_path = model, .config = config, .config_toml = keys.to_toml()});
  EXPECT_THAT(result.description, ::testing::HasSubstr("sigma x 0.4"));
  EXPECT_EQ(load_model(model).kind, "sde");
  const auto variance = [&](GuideKind guide, int threads) {
    const int before = thread_count();
    set_thread_count(threads);
    infer({.model_path = model, .output_path = rollout, .options = {.mu = {{0.9}}, .guide = guide}, .seed = 3});
    set_thread_count(before);
    const auto samples = data::DatasetReader(rollout).read_frame(0, 20).samples;
    double squares = 0;
    for (const float x : samples) squares += static_cast<double>(x) * x / static_cast<double>(samples.size());
    return squares;
  };
  const double exact = 0.25 / 1.8 + (1 - 0.25 / 1.8) * std::exp(-1.8 * 2);  // from a start of deviation 1
  EXPECT_NEAR(variance(GuideKind::none, 1), exact, 0.02);
  EXPECT_EQ(variance(GuideKind::none, 1), variance(GuideKind::none, 3));
  EXPECT_NEAR(variance(GuideKind::moments, 1), exact, 0.01);
  EXPECT_THROW(infer({.model_path = model,
                      .output_path = rollout,
                      .options = {.mu = {{0.9}}, .log_density = LogDensityKind::change}}),
               UsageError);
}

TEST(SdeField, NoiseIsSeenInTheData) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("kinetic.h5");
  // x' = y, and noise on y alone.
  const System kinetic{[](const Tensor& x, double) { return torch::stack({x.select(1, 1), -x.select(1, 0)}, 1); },
                       [](const Tensor& x) {
                         Tensor sigma = torch::zeros_like(x);
                         sigma.select(1, 1).fill_(0.4);
                         return sigma;
                       }};
  write(path, kinetic, {1.0}, even_times(12, 0.1));
  EXPECT_EQ(noise_seen(data::DatasetReader(path)), std::vector<std::string>{"y"});
  write(path, {kinetic.drift, [](const Tensor& x) { return torch::zeros_like(x); }}, {1.0}, even_times(12, 0.1));
  EXPECT_TRUE(noise_seen(data::DatasetReader(path)).empty());
  // Another particle in every row at every time, or a system that has forgotten where it was a step ago: no noise whose
  // strength could be told.
  write(path,
        {[](const Tensor& x, double) { return -8 * x; }, [](const Tensor& x) { return torch::full_like(x, 4.0); }},
        {1.0}, even_times(12, 1.0));
  EXPECT_TRUE(noise_seen(data::DatasetReader(path)).empty());
}

TEST(SdeField, IsChosenWhereNoiseIsSeenAndAVectorFieldWhereItIsNot) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("data.h5");
  const auto chosen = [&](double sigma, const std::string& option = "") {
    write(path, {kOrnsteinUhlenbeck, [sigma](const Tensor& x) { return torch::full_like(x, sigma); }}, {1.0, 2.0},
          even_times(12, 0.1));
    TrainConfig config;
    OptionSet set;
    bind(set, config);
    if (!option.empty()) set.set_assignment(option);
    const auto reasons = resolve_choices(config, data::DatasetReader(path));
    return config.field.name + ": " + reasons.field + "; " + config.loss.name;
  };
  EXPECT_EQ(chosen(0.5), "sde: particles are followed and noise drives x, y; auto");
  EXPECT_EQ(chosen(0), "vector: particles are followed, and their mean velocity moves the density; velocity");
  EXPECT_EQ(chosen(0.5, "model.width=24"), "potential: ; velocity");
}

}  // namespace
}  // namespace scorefield::training
