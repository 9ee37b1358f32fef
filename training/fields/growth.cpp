#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/serial_section.hpp"
#include "training/fields/define_field.hpp"
#include "training/fields/growth/growth_fit.hpp"
#include "training/fields/growth/growth_model.hpp"
#include "training/fields/growth/populations.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr const char* kGrowthKind = "growth";
constexpr std::int64_t kBlock = 1024;

/// The steps of the training, for particles with or without their log-weights.
class GrowthMover : public Mover {
 public:
  GrowthMover(GrowthModel model, models::Normalizer normalizer)
      : model_(std::move(model)), normalizer_(std::move(normalizer)) {}

  [[nodiscard]] bool grows() const override { return model_.grows; }
  [[nodiscard]] std::int64_t step_count(const Motion& motion) const override {
    return motion.integration.steps > 0 ? motion.integration.steps : model_.options.steps;
  }

  void move(const Motion& motion, const integrators::FrameObserver& on_frame) const override {
    if (motion.carried == Carried::log_density || motion.carried == Carried::tangent)
      throw UsageError(
          "infer.log_density and calibrate follow a potential's flow without noise; the model is one of drift and "
          "growth (model.field = growth).");
    const auto mu = torch::tensor(normalizer_.normalized_mu(motion.mu)).to(torch::kFloat32).unsqueeze(0);
    const auto steps = integrators::steps_per_interval(motion.times, step_count(motion));
    Tensor state = motion.state.to(torch::kCPU, torch::kFloat32);
    on_frame(0, motion.state);
    std::uint64_t step = 0;
    for (std::size_t k = 0; k + 1 < motion.times.size(); ++k) {
      const double h = (motion.times[k + 1] - motion.times[k]) / static_cast<double>(steps[k]);
      for (std::int64_t i = 0; i < steps[k]; ++i, ++step)
        state = integrators::wrap(moved(state, mu, motion.times[k] + static_cast<double>(i) * h, h,
                                        integrators::step_noise(state, motion.integration.seed, step)),
                                  motion.integration.periods);
      if (!state.isfinite().all().item<bool>())
        throw DivergenceError(static_cast<std::int64_t>(step), "a particle's position or weight",
                              "Take more steps (infer.steps), or train longer.");
      on_frame(static_cast<std::int64_t>(k) + 1, state.to(motion.state.options()));
    }
  }

 private:
  /// One step of all particles in blocks, alike for any number of threads. state: [N, d] or [N, d + 1]
  [[nodiscard]] Tensor moved(const Tensor& state, const Tensor& mu, double t, double h, const Tensor& xi) const {
    const auto d = normalizer_.dimension();
    const bool weighted = state.size(1) > d;
    const Tensor result = torch::empty_like(state);
    parallel_for((state.size(0) + kBlock - 1) / kBlock, [&](std::int64_t block) {
      const torch::NoGradGuard no_grad;
      const std::int64_t first = block * kBlock, count = std::min(kBlock, state.size(0) - first);
      const Tensor own = state.narrow(0, first, count);
      const GrowingParticles at{
          own.narrow(1, 0, d), weighted ? own.narrow(1, d, 1) : torch::zeros({count, 1}, own.options()), {}};
      const auto next =
          growth_step(model_, at, mu.expand({count, -1}), t, h, xi.narrow(0, first, count).narrow(1, 0, d));
      result.narrow(0, first, count).narrow(1, 0, d).copy_(next.x);
      if (weighted) result.narrow(0, first, count).narrow(1, d, 1).copy_(next.log_weight);
    });
    return result;
  }

  GrowthModel model_;
  models::Normalizer normalizer_;
};

const char* describe(MassKind mass) {
  if (mass == MassKind::weights) return "mass by the weights";
  return mass == MassKind::counts ? "mass by the numbers of particles" : "mass conserved";
}

}  // namespace

/// Populations that move, diffuse and grow, from few snapshots: drift and growth rate are networks of x and mu (and of
/// time where they are not autonomous), fitted by weighted rollouts that are compared with every later frame. An
/// autonomous law is a strong prior between frames: what a state does is learned from all times at which it is visited.
class GrowthField final : public Field {
 public:
  [[nodiscard]] std::unique_ptr<Field> clone() const override { return std::make_unique<GrowthField>(*this); }
  [[nodiscard]] std::string name() const override { return "growth"; }
  [[nodiscard]] std::string summary() const override {
    return "drift and growth of a population of few snapshots, fitted by weighted rollouts";
  }

  void bind(OptionSet& set) override {
    const std::string own = "field = growth: ";
    set.add("growth.width", options_.width, in(4, 4096), own + "neurons of a hidden layer of drift and growth");
    set.add("growth.depth", options_.depth, in(1, 16), own + "hidden layers of both");
    set.add("growth.particles", options_.particles, at_least(16), own + "particles of a rollout in training");
    set.add("growth.points", options_.points, at_least(16), own + "particles of a frame that it is compared with");
    set.add("growth.steps", options_.steps, in(2, 4096), own + "steps over the whole time");
    set.add("growth.noise", options_.noise, at_least(0), own + "sigma of dX = b dt + sigma dW, normalised units");
    set.add("growth.mass", options_.mass, at_least(0),
            own + "weight of the squared error of the logarithm of the mass");
    set.add("growth.action", options_.action, at_least(0),
            own + "weight of the action int E[|b|^2 + lambda g^2]/2 dt of drift b and growth g");
    set.add("growth.penalty", options_.penalty, at_least(0), own + "lambda in the action");
    set.add("growth.autonomous", options_.autonomous, own + "drift and growth do not depend on time");
    set.add("growth.mass_of", options_.mass_of,
            {{"auto", MassKind::automatic},
             {"conserved", MassKind::conserved},
             {"counts", MassKind::counts},
             {"weights", MassKind::weights}},
            own + "what the mass of a frame is; auto: its weights, else its number of particles where these differ");
  }

  /// By its name alone.
  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader&, const TrainConfig&) const override {
    return std::nullopt;
  }

  [[nodiscard]] TrainResult train(const TrainRequest& request) const override;

  [[nodiscard]] bool reads(const std::string& kind) const override { return kind == kGrowthKind; }
  void read(const h5::File& file, const data::ModelHeader&, ReducedModel& model) const override {
    model.mover = std::make_shared<GrowthMover>(read_growth(file, model.normalizer), model.normalizer);
  }

 private:
  GrowthOptions options_;
};

TrainResult GrowthField::train(const TrainRequest& request) const {
  const SerialSection serial;  // sums over particles go into the weights
  const auto options = single_run_options(request, name());
  const auto reader = open_training_data(request.data_path, request.config);
  const auto mass = choose_mass(reader.header(), options_.mass_of);
  ReducedModel model;
  model.kind = kGrowthKind;
  model.header = reader.header();
  model.normalizer = compute_normalizer(reader, request.config.model.metric, 2);
  if (request.processes && !request.processes->is_root()) return {};
  const auto seed = static_cast<std::uint64_t>(request.seed);
  const Populations populations(reader, model.normalizer, mass, request.config.training.validation_fraction, seed);
  GrowthModel growth(model.normalizer, options_, seed);
  growth.grows = mass != MassKind::conserved;
  const auto run = fit_growth(populations, options, seed, growth, run_observer(request));
  auto result = save_single_run(request, reader, model, run, growth.parameters(),
                                [&](h5::File& file) { write_growth(file, growth); });
  result.description += describe(mass);
  return result;
}

template std::unique_ptr<Field> make_field<GrowthField>();

}  // namespace scorefield::training
