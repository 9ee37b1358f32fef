#include "solvers/ift/sampler.hpp"

#include <torch/types.h>

#include <cmath>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "solvers/ift/kl_energy.hpp"
#include "solvers/ift/weights.hpp"
#include "solvers/pairs/device_pair_sums.hpp"
#include "solvers/sampling/rows.hpp"

namespace scorefield::ift {
namespace {

using sampling::rows_of;
using sampling::Setup;
using sampling::tensor_of;
using Rows = std::vector<double>;

/// What both energies share: the cloud as tensors, its trace and its state.
class FlowSamplerBase : public sampling::Sampler {
 public:
  [[nodiscard]] torch::Tensor particles() const override {
    return tensor_of(flow_state().cloud.x, {flow_state().cloud.n, flow_state().cloud.d});
  }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    return {{"loss", loss()}, {"weight_ess", effective_size(flow_state().cloud.w)}, {"mean_speed", flow_state().speed}};
  }
  [[nodiscard]] bool converged() const override {
    return flow_state().iteration > 1 && flow_state().speed < 2e-5 * bandwidth();
  }
  [[nodiscard]] std::vector<std::string> notes() const override {
    auto all = notes_;
    if (flow_state().splits > 0)
      all.push_back(std::to_string(flow_state().splits) + " heavy particles were split onto dead ones");
    return all;
  }

 protected:
  [[nodiscard]] virtual const Flow::State& flow_state() const = 0;
  [[nodiscard]] virtual double bandwidth() const = 0;
  [[nodiscard]] virtual double loss() const { return flow_state().loss; }
  std::vector<std::string> notes_;
};

Cloud start_of(const Setup& setup) {
  return {setup.initial.size(0), setup.initial.size(1), rows_of(setup.initial), {}};
}

std::uint64_t draw_seed(std::uint64_t seed, std::int64_t iteration) {
  return Philox(seed, 0xD12A).integer(static_cast<std::uint64_t>(iteration + 2), ~std::uint64_t{0});
}

class MmdSampler final : public FlowSamplerBase {
 public:
  MmdSampler(Kind kind, const Setup& setup, const FlowOptions& options) : setup_(setup), options_(options) {
    const auto& target = *setup.target;
    const auto samples = target.sample_set();
    const std::int64_t n = setup.initial.size(0);
    fresh_ = options.data == FlowOptions::Data::fresh ||
             (options.data == FlowOptions::Data::automatic && !samples.defined());
    batch_size_ = options.target_samples > 0     ? options.target_samples
                  : samples.defined() && !fresh_ ? samples.size(0)
                                                 : n;
    if (samples.defined() && !(fresh_ || options.target_samples > 0)) batch_ = rows_of(samples);
    else {
      const auto drawn = target.draw(batch_size_, draw_seed(setup.seed, -1));
      if (!drawn.defined())
        throw UsageError("Target " + target.name() +
                         " has no exact draws, which the MMD energy needs. Give a sample file, or "
                         "use --method ift --set ift.energy=kl.");
      batch_ = rows_of(drawn);
    }
    if (fresh_) held_out_ = rows_of(target.draw(std::max<std::int64_t>(4 * n, 1000), draw_seed(setup.seed, -2)));
    flow_.emplace(kind, options, start_of(setup), batch_, Flow::Schedule{fresh_, setup.steps, setup.seed},
                  pairs::pair_sums_on(setup.device, options.double_precision));
    notes_.push_back(
        "kernel bandwidth " + std::to_string(flow_->bandwidth()) + ", " + std::to_string(batch_size_) +
        (fresh_ ? " fresh target points every iteration; the loss is against held-out draws" : " fixed target points"));
  }

  void step() override {
    if (fresh_) batch_ = rows_of(setup_.target->draw(batch_size_, draw_seed(setup_.seed, flow_->state.iteration)));
    flow_->step(batch_);
    const std::int64_t done = flow_->state.iteration;
    if (fresh_ && (done % options_.loss_every == 0 || done == 1 || done == setup_.steps))
      held_out_loss_ = flow_->loss_against(held_out_);
  }
  [[nodiscard]] torch::Tensor weights() const override {
    return tensor_of(flow_->state.cloud.w, {flow_->state.cloud.n});
  }
  void exchange(StateArchive& archive) override {
    flow_->state.exchange(archive);
    archive.number("held_out_loss", held_out_loss_);
  }

 private:
  [[nodiscard]] const Flow::State& flow_state() const override { return flow_->state; }
  [[nodiscard]] double bandwidth() const override { return flow_->bandwidth(); }
  [[nodiscard]] double loss() const override { return fresh_ ? held_out_loss_ : flow_->state.loss; }

  Setup setup_;
  FlowOptions options_;
  std::int64_t batch_size_ = 0;
  bool fresh_ = false;
  Rows batch_, held_out_;
  double held_out_loss_ = 0;
  std::optional<Flow> flow_;
};

class KlSampler final : public FlowSamplerBase {
 public:
  KlSampler(const Setup& setup, const FlowOptions& options)
      : target_(setup.target),
        flow_(options, start_of(setup), setup.target->has_log_density(), setup.seed,
              pairs::pair_sums_on(setup.device, true)) {
    if (target_->sample_set().defined())
      throw UsageError("ift.energy = \"kl\" needs a density; " + target_->name() +
                       " is a set of samples. Use ift.energy = \"mmd\".");
    if (!target_->has_log_density())
      notes_.emplace_back("only a score is known: weights stay equal, mode weights are not identified");
  }
  void step() override {
    flow_.step([&](const Rows& x, Rows& log_density, Rows& score) {
      const auto evaluation = target_->evaluate(tensor_of(x, {flow_.state.cloud.n, flow_.state.cloud.d}));
      if (evaluation.log_density.defined()) log_density = rows_of(evaluation.log_density);
      score = rows_of(evaluation.score);
    });
  }
  [[nodiscard]] torch::Tensor weights() const override { return tensor_of(flow_.state.cloud.w, {flow_.state.cloud.n}); }
  void exchange(StateArchive& archive) override { flow_.state.exchange(archive); }

 private:
  [[nodiscard]] const Flow::State& flow_state() const override { return flow_.state; }
  [[nodiscard]] double bandwidth() const override { return flow_.bandwidth(); }

  std::shared_ptr<const targets::Target> target_;
  KlFlow flow_;
};

sampling::Method flow_method(Kind kind, std::string name, std::string summary,
                             const std::shared_ptr<FlowOptions>& options, bool binds) {
  return {std::move(name), std::move(summary), 1200,
          [options, binds](OptionSet& set) {
            if (binds) bind(set, *options);
          },
          [options, kind](const Setup& setup) -> std::unique_ptr<sampling::Sampler> {
            if (kind == Kind::ift && options->energy == FlowOptions::Energy::kl)
              return std::make_unique<KlSampler>(setup, *options);
            return std::make_unique<MmdSampler>(kind, setup, *options);
          }};
}

}  // namespace

std::vector<sampling::Method> methods() {
  const auto options = std::make_shared<FlowOptions>();
  return {flow_method(Kind::ift, "ift", "interaction-force transport: MMD to samples or KL to a density, with weights",
                      options, true),
          flow_method(Kind::mmd_flow, "mmd-flow", "MMD gradient flow, equal weights (options ift.*)", options, false),
          flow_method(Kind::noisy_mmd_flow, "noisy-mmd-flow", "MMD flow with noise-injected gradients (options ift.*)",
                      options, false),
          flow_method(Kind::wfr, "wfr", "Wasserstein-Fisher-Rao flow of the MMD (options ift.*)", options, false)};
}

}  // namespace scorefield::ift
