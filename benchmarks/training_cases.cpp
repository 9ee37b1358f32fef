#include "benchmarks/training_cases.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"
#include "models/network_drift.hpp"
#include "solvers/integrators.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/simulation.hpp"
#include "training/fields/force/force_model.hpp"
#include "training/trainer.hpp"

namespace scorefield::benchmarks {
namespace {

/// A folder that goes with its object.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("scorefield-benchmark-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Rotating Gaussian clouds at two mu: the time of a step does not depend on what it learns.
void write_dataset(const std::string& path) {
  constexpr std::int64_t kFrames = 129, kParticles = 10000;
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  header.mu = {{1.0}, {2.0}};
  for (std::int64_t k = 0; k < kFrames; ++k) header.time.push_back(static_cast<double>(k));
  header.coordinates = {"x", "v"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.particles = kParticles;
  header.identity = data::Identity::trajectories;
  data::DatasetWriter writer(path, header);
  const Philox random(1, 1);
  std::vector<float> frame(2 * kParticles);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < kFrames; ++k) {
      const double angle = 0.02 * static_cast<double>((m + 1) * k), c = std::cos(angle), s = std::sin(angle);
      for (std::int64_t i = 0; i < kParticles; ++i) {
        const auto [a, b] = random.normals(static_cast<std::uint64_t>(i));
        frame[static_cast<std::size_t>(2 * i)] = static_cast<float>(c * (2 * a) - s * b);
        frame[static_cast<std::size_t>(2 * i + 1)] = static_cast<float>(s * (2 * a) + c * b);
      }
      writer.write_frame(m, k, frame);
    }
  writer.commit();
}

/// The full setting of arXiv 2410.12000 for its two-stream example.
training::TrainConfig authors_config() {
  training::TrainConfig config;
  config.model.width = 64;
  config.model.depth = 6;
  config.model.rank = 3;
  config.model.bias_latents = 0;
  config.model.hypernetwork_width = 15;
  config.model.time_features = 0;
  config.loss.name = "action-matching";
  config.loss.sigma = 0.05;
  config.loss.laplacian = training::LaplacianKind::exact;
  config.quadrature.kind = training::QuadratureKind::simpson;
  config.quadrature.nodes = 257;
  config.batch.mu = 1;
  config.batch.particles = 256;
  config.optimizer.kind = optim::OptimizerKind::adam;
  config.optimizer.learning_rate = 2e-3;
  return config;
}

/// Median time of the steps of a short training.
double step_milliseconds(const ScratchFolder& folder, training::TrainConfig config, std::int64_t steps) {
  config.training.steps = config.training.log_every = config.training.checkpoint_every = steps;
  training::TrainRequest request;
  request.data_path = folder.file("data.h5");
  request.output_path = folder.file("model.h5");
  request.config = config;
  return 1e3 * training::train(request).step_seconds;
}

constexpr const char* kAuthors = "action-matching-step-authors";
constexpr const char* kAuthorsStein = "action-matching-step-authors-stein";

/// `forwards`: forward-equivalents of the gradient's matrix products (models/sweeps/README.md).
BenchmarkResult authors_step(const char* name, double forwards, const training::TrainConfig& fast,
                             const char* reference, const BenchmarkOptions& options) {
  const ScratchFolder folder;
  write_dataset(folder.file("data.h5"));
  const double fused = step_milliseconds(folder, fast, 25);
  auto config = authors_config();
  config.training.engine = training::EngineKind::autograd;
  const double autograd = step_milliseconds(folder, config, 3);
  BenchmarkResult result{.name = name,
                         .threads = thread_count(),
                         .milliseconds = fused,
                         .reference = reference,
                         .reference_milliseconds = autograd};
  const NetworkBatch shape{2, fast.model.width, fast.model.depth, fast.quadrature.nodes, fast.batch.particles};
  const MatrixProducts products(shape.width);
  const auto times =
      median_milliseconds({[&] { products.by_libtorch(); }, [&] { products.by_kernels(); }}, options.seconds);
  result.bound_milliseconds = products.bound(forwards * shape.forward_operations(), times[0], times[1]);
  result.numbers = {{"points_per_step", static_cast<double>(shape.points())},
                    {"hours_for_25000_steps", 25000 * fused / 3.6e6}};
  return result;
}

BenchmarkResult authors(const BenchmarkOptions& options) {
  return authors_step(kAuthors, 12, authors_config(), "the same step with LibTorch double backward", options);
}

BenchmarkResult authors_stein(const BenchmarkOptions& options) {
  auto config = authors_config();
  config.loss.laplacian = training::LaplacianKind::stein;
  config.batch.jitter = 0.05;
  return authors_step(kAuthorsStein, 6, config, "the step with the exact Laplacian by LibTorch double backward",
                      options);
}

/// grad_x s by LibTorch autograd: what a rollout costs without own kernels.
class AutogradDrift : public Drift {
 public:
  AutogradDrift(std::shared_ptr<models::ScoreNetwork> network, double mu) : network_(std::move(network)), mu_(mu) {}
  [[nodiscard]] std::int64_t dimension() const override { return network_->shape().dimension(); }
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, double t) const override {
    const torch::AutoGradMode enable(true);
    const auto points = x.detach().unsqueeze(0).requires_grad_(true);
    const auto s = network_->potential(points, torch::full({1, 1}, mu_), torch::full({1}, t));
    return torch::autograd::grad({s.sum()}, {points})[0].squeeze(0);
  }

 private:
  std::shared_ptr<models::ScoreNetwork> network_;
  double mu_;
};

constexpr const char* kRollout = "rollout";

BenchmarkResult rollout(const BenchmarkOptions& options) {
  constexpr std::int64_t kParticles = 25000;
  torch::manual_seed(1);
  models::Normalizer normalizer;
  normalizer.center = {0, 0};
  normalizer.scale = {1, 1};
  normalizer.periods = {3.5, 0};
  normalizer.mu_center = {0};
  normalizer.mu_scale = {1};
  const auto network = std::make_shared<models::ScoreNetwork>(models::ModelOptions{}, normalizer);
  const auto x = torch::randn({kParticles, 2});
  const models::NetworkDrift fused(network, {0.3});
  const AutogradDrift autograd(network, 0.3);
  integrators::IntegrateOptions integration;
  integration.method = integrators::IntegrationMethod::heun;
  integration.steps = 4;
  integration.periods = normalizer.periods;
  const auto times =
      median_milliseconds({[&] { static_cast<void>(integrators::integrate(fused, x, {0, 0.1}, integration)); },
                           [&] { static_cast<void>(integrators::integrate(autograd, x, {0, 0.1}, integration)); }},
                          options.seconds);
  const double evaluations = 2.0 * kParticles * static_cast<double>(integration.steps);
  BenchmarkResult result{.name = kRollout,
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = "LibTorch autograd gradient",
                         .reference_milliseconds = times[1]};
  result.numbers = {{"evaluations_per_second", 1e3 * evaluations / times[0]},
                    {"seconds_for_256_heun_steps", 1e-3 * times[0] * 256 / static_cast<double>(integration.steps)}};
  return result;
}

constexpr const char* kForceRollout = "rollout-force";

/// A force of 16 waves over 201 times at eight mu, some number everywhere.
training::ForceModel some_force(double box_length, double end) {
  training::ForceModel force{models::PositionBasis({{0, box_length, true}}, 16), {}, {}, {}};
  models::ForceCourse run;
  for (int k = 0; k <= 200; ++k) run.time.push_back(end * k / 200);
  const auto size = run.time.size() * force.basis.size();
  for (std::size_t i = 0; i < size; ++i) run.value.push_back(0.1 * std::sin(0.7 * static_cast<double>(i)));
  run.slope = models::spline_slopes(run.time, run.value);
  for (int m = 0; m < 8; ++m) {
    force.mu.push_back({1.2 + 0.1 * m});
    force.runs.push_back(run);
  }
  force.rule.kind = training::MuInterpolationKind::cubic;
  return force;
}

/// A whole rollout of a force, as `infer` makes it but for the file, beside a coarse run of the solver.
BenchmarkResult force_rollout(const BenchmarkOptions& options) {
  constexpr std::int64_t kParticles = 25000, kSolverSteps = 400;
  constexpr double kLength = 50, kEnd = 40;
  models::Normalizer normalizer;
  normalizer.center = {0, 0};
  normalizer.scale = {kLength, 3};
  normalizer.periods = {kLength, 0};
  normalizer.velocity_of = {1, -1};
  normalizer.mu_center = {1.55};
  normalizer.mu_scale = {0.35};
  normalizer.time_span = kEnd;
  const auto force = some_force(kLength, kEnd);
  training::Motion motion{{1.25}, training::Carried::nothing, torch::rand({kParticles, 2}), {}, {}};
  for (const double t : force.runs.front().time) motion.times.push_back(t / kEnd);
  const training::ForceMover mover(force, normalizer);
  pic::PicOptions coarse;
  coarse.simulated_particles = kParticles;
  coarse.cells = 64;
  const pic::Population beams{{{0.5, -3, 1}, {0.5, 3, 1}}, {0.05, 1}, {}};
  const auto particles = pic::load(beams, kLength, kParticles, coarse.start, Philox(1, 0));
  const auto times = median_milliseconds({[&] { mover.move(motion, [](std::int64_t, const torch::Tensor&) {}); },
                                          [&] {
                                            pic::Simulation<float> solver(coarse, kEnd / kSolverSteps, 1.25, particles);
                                            for (std::int64_t n = 0; n < kSolverSteps; ++n)
                                              static_cast<void>(solver.advance());
                                          }},
                                         options.seconds);
  BenchmarkResult result{.name = kForceRollout,
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = "coarse solver, 64 cells, 400 steps, no frames",
                         .reference_milliseconds = times[1]};
  result.numbers = {{"particle_steps_per_second", 1e3 * kParticles * 400 / times[0]}};
  return result;
}

}  // namespace

std::vector<BenchmarkCase> training_cases() {
  return {{kAuthors, "whole training step at the full setting of arXiv 2410.12000: 65,792 points, exact Laplacian",
           authors},
          {kAuthorsStein, "the same with the Laplacian taken from the samples' jitter: no second derivatives",
           authors_stein},
          {kRollout, "four Heun steps of 25,000 particles through the default network", rollout},
          {kForceRollout, "a force's rollout of 25,000 particles through 201 frames", force_rollout}};
}

}  // namespace scorefield::benchmarks
