#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "models/serial_section.hpp"
#include "training/fields/define_field.hpp"
#include "training/fields/sde/noise_seen.hpp"
#include "training/fields/sde/sde_fit.hpp"
#include "training/fields/sde/sde_model.hpp"
#include "training/fields/sde/weak_drift.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

constexpr const char* kSdeKind = "sde";
/// Coordinates of the systems that auto takes it for. In 100 (the trap) short trainings lost the population: there it
/// has to be asked for.
constexpr std::int64_t kMostOfItsOwn = 16;
/// Noisy coordinates that a user is told of.
constexpr std::size_t kNamedCoordinates = 4;

/// dX = b dt + sigma dW by steps of the size of the data's, each an explicit midpoint step of the drift and one normal
/// a coordinate.
class SdeMover : public Mover {
 public:
  SdeMover(SdeModel model, models::Normalizer normalizer)
      : model_(std::move(model)), normalizer_(std::move(normalizer)) {}

  [[nodiscard]] std::int64_t step_count(const Motion& motion) const override {
    if (motion.integration.steps > 0) return motion.integration.steps;
    const double span = motion.times.back() - motion.times.front();
    return std::max<std::int64_t>(1, std::llround(span / model_.step));
  }

  void move(const Motion& motion, const integrators::FrameObserver& on_frame) const override {
    if (motion.carried == Carried::log_density)
      throw UsageError("infer.log_density follows a flow without noise; the model is one of an SDE.");
    if (motion.carried == Carried::tangent)
      throw UsageError(
          "calibrate needs a flow without noise, whose derivative with respect to mu it takes; the model is "
          "one of an SDE.");
    const auto mu = normalizer_.normalized_mu(motion.mu);
    const auto steps = integrators::steps_per_interval(motion.times, step_count(motion));
    torch::Tensor x = integrators::wrap(motion.state.to(torch::kCPU, torch::kFloat32), motion.integration.periods);
    on_frame(0, x.to(motion.state.options()));
    std::uint64_t step = 0;
    for (std::size_t k = 0; k + 1 < motion.times.size(); ++k) {
      const double h = (motion.times[k + 1] - motion.times[k]) / static_cast<double>(steps[k]);
      for (std::int64_t i = 0; i < steps[k] && !interrupt_requested(); ++i, ++step)
        x = integrators::wrap(sde_step(model_, x, mu, motion.times[k] + static_cast<double>(i) * h, h,
                                       integrators::step_noise(x, motion.integration.seed, step)),
                              motion.integration.periods);
      if (!x.isfinite().all().item<bool>())
        throw DivergenceError(static_cast<std::int64_t>(step), "a particle's position",
                              "Take more steps (infer.steps), or train longer.");
      on_frame(static_cast<std::int64_t>(k) + 1, x.to(motion.state.options()));
    }
  }

 private:
  SdeModel model_;
  models::Normalizer normalizer_;
};

/// "sigma x 0.05, y 0.2"
std::string sigma_text(const SdeModel& model, const data::DatasetHeader& header, const models::Normalizer& normalizer) {
  if (model.noise) return "sigma a function of the state";
  std::string text = "sigma";
  for (std::size_t k = 0; k < model.sigma.size(); ++k) {
    char number[32];
    std::snprintf(number, sizeof number, "%.3g",
                  model.sigma[k] * normalizer.scale[k] / std::sqrt(normalizer.time_span));
    text += (k > 0 ? ", " : " ") + header.coordinates[k] + " " + number;
    if (k == 8 && model.sigma.size() > 10) return text + ", ...";
  }
  return text;
}

}  // namespace

/// dX = b(X; mu, t) dt + sigma dW of particles that are followed: b from E[(X+ - X)/h | X], sigma from the quadratic
/// variation of what b leaves. Rolled out with its noise, deviations decay and chaos mixes as in the system; a gradient
/// field of the same population is nearly zero where the population is nearly stationary, and corrects nothing. Of
/// snapshots, an autonomous drift by its weak form.
class SdeField final : public Field {
 public:
  [[nodiscard]] std::unique_ptr<Field> clone() const override { return std::make_unique<SdeField>(*this); }
  [[nodiscard]] std::string name() const override { return "sde"; }
  [[nodiscard]] std::string summary() const override {
    return "drift and noise of particles that are followed, rolled out with that noise";
  }

  void bind(OptionSet& set) override {
    set.add(
        "sde.noise", options_.noise,
        {{"constant", NoiseKind::constant}, {"diagonal", NoiseKind::diagonal}, {"state", NoiseKind::state}},
        "field = sde: strength of the noise: one number for all coordinates, one a coordinate, or a function of state, "
        "mu and time");
    set.add("sde.width", options_.width, in(4, 4096), "field = sde: neurons of a hidden layer of the drift");
    set.add("sde.depth", options_.depth, in(1, 16), "field = sde: its hidden layers");
    set.add("sde.batch", options_.batch, at_least(64), "field = sde: increments a step of the training");
    set.add("sde.functions", options_.functions, in(1, 4096),
            "field = sde: functions of state, mu and time, products of polynomials, that the drift is a combination of "
            "beside the network, at most; held-back increments choose their degrees");
    set.add("sde.alike", options_.alike,
            "field = sde: coordinates are bodies that are alike: the drift of one is a function of its distance from "
            "the mean of all, of that mean, mu and time");
    set.add("sde.autonomous", options_.autonomous, "field = sde: drift and noise do not depend on time");
  }

  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader& reader, const TrainConfig&) const override {
    if (reader.header().dimension() > kMostOfItsOwn) return std::nullopt;
    const auto noisy = noise_seen(reader);
    if (noisy.empty()) return std::nullopt;
    std::string names;
    for (std::size_t i = 0; i < noisy.size() && i < kNamedCoordinates; ++i) names += (i > 0 ? ", " : "") + noisy[i];
    return "particles are followed and noise drives " + names + (noisy.size() > kNamedCoordinates ? ", ..." : "");
  }

  [[nodiscard]] TrainResult train(const TrainRequest& request) const override;

  [[nodiscard]] bool reads(const std::string& kind) const override { return kind == kSdeKind; }
  void read(const h5::File& file, const data::ModelHeader&, ReducedModel& model) const override {
    model.mover = std::make_shared<SdeMover>(read_sde(file, model.normalizer), model.normalizer);
  }

 private:
  [[nodiscard]] TrainResult train_on_snapshots(const TrainRequest& request, const data::DatasetReader& reader) const;

  SdeOptions options_;
};

TrainResult SdeField::train_on_snapshots(const TrainRequest& request, const data::DatasetReader& reader) const {
  if (options_.alike) throw UsageError("option 'sde.alike' needs particles that are followed.");
  const auto start = std::chrono::steady_clock::now();
  ReducedModel model;
  model.kind = kSdeKind;
  model.header = reader.header();
  model.normalizer = compute_normalizer(reader, request.config.model.metric, 5);
  if (request.processes && !request.processes->is_root()) return {};
  SdeOptions options = options_;
  options.noise = NoiseKind::diagonal;
  options.autonomous = true;
  SdeModel sde(model.normalizer, options, static_cast<std::uint64_t>(request.seed));
  const double explained = fit_weak_drift(reader, model.normalizer, static_cast<std::uint64_t>(request.seed), sde);
  SingleRun run;
  run.interrupted = interrupt_requested();
  run.end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run.end.loss = run.end.validation_loss = 1 - explained;
  auto result =
      save_single_run(request, reader, model, run, sde.parameters(), [&](h5::File& file) { write_sde(file, sde); });
  result.description = "snapshots by the weak form, " + std::to_string(sde.readout.numel()) + " coefficients, " +
                       sigma_text(sde, model.header, model.normalizer);
  return result;
}

TrainResult SdeField::train(const TrainRequest& request) const {
  const SerialSection serial;  // sums over increments go into the weights
  const auto options = single_run_options(request, name());
  const auto reader = open_training_data(request.data_path, request.config);
  if (!reader.header().follows()) return train_on_snapshots(request, reader);
  const auto& settings = request.config.training;
  ReducedModel model;
  model.kind = kSdeKind;
  model.header = reader.header();
  model.normalizer = compute_normalizer(reader, request.config.model.metric, 2);
  const IncrementTable table(reader, model.normalizer, settings.validation_fraction, settings.memory_limit << 20,
                             static_cast<std::uint64_t>(request.seed));
  if (request.processes && !request.processes->is_root()) return {};
  SdeModel sde(model.normalizer, options_, static_cast<std::uint64_t>(request.seed));
  const auto run = fit_sde(table, model.normalizer, options, sde, run_observer(request));
  auto result =
      save_single_run(request, reader, model, run, sde.parameters(), [&](h5::File& file) { write_sde(file, sde); });
  result.description += sigma_text(sde, model.header, model.normalizer);
  if (noise_seen(reader).empty()) {
    result.warnings.emplace_back("no noise is seen in these data, or they have fewer than five times");
    if (request.observer) request.observer({.stage = {}, .message = result.warnings.back(), .warning = true});
  }
  return result;
}

template std::unique_ptr<Field> make_field<SdeField>();

}  // namespace scorefield::training
