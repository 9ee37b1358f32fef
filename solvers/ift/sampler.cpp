#include "solvers/ift/sampler.hpp"

#include <torch/types.h>

#include <cmath>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "models/targets/counted_target.hpp"
#include "models/targets/sample_target.hpp"
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

const targets::SampleTarget* sample_set(const targets::Target& target) {
  const auto* counted = dynamic_cast<const targets::CountedTarget*>(&target);
  return dynamic_cast<const targets::SampleTarget*>(counted ? counted->inner().get() : &target);
}

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
  [[nodiscard]] std::map<std::string, torch::Tensor> state_tensors() const {
    const auto& s = flow_state();
    return {{"x", particles()},
            {"w", tensor_of(s.cloud.w, {s.cloud.n})},
            {"power", tensor_of(s.power, {static_cast<std::int64_t>(s.power.size())})},
            {"scalars", tensor_of({s.limit, s.loss, s.speed, static_cast<double>(s.iteration),
                                   static_cast<double>(s.splits), held_out_loss_},
                                  {6})}};
  }

 protected:
  [[nodiscard]] virtual const Flow::State& flow_state() const = 0;
  [[nodiscard]] virtual double bandwidth() const = 0;
  [[nodiscard]] virtual double loss() const { return flow_state().loss; }
  void take(Flow::State& s, const std::map<std::string, torch::Tensor>& stored) {
    s.cloud.x = rows_of(stored.at("x"));
    s.cloud.w = rows_of(stored.at("w"));
    s.power = rows_of(stored.at("power"));
    const auto scalars = rows_of(stored.at("scalars"));
    s.limit = scalars[0];
    s.loss = scalars[1];
    s.speed = scalars[2];
    s.iteration = static_cast<std::int64_t>(scalars[3]);
    s.splits = static_cast<std::int64_t>(scalars[4]);
    held_out_loss_ = scalars[5];
  }
  std::vector<std::string> notes_;
  double held_out_loss_ = 0;
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
    const auto* samples = sample_set(target);
    const std::int64_t n = setup.initial.size(0);
    fresh_ = options.data == FlowOptions::Data::fresh || (options.data == FlowOptions::Data::automatic && !samples);
    batch_size_ = options.target_samples > 0 ? options.target_samples
                  : samples && !fresh_       ? samples->samples().size(0)
                                             : n;
    if (samples && !(fresh_ || options.target_samples > 0)) batch_ = rows_of(samples->samples());
    else {
      const auto drawn = target.draw(batch_size_, draw_seed(setup.seed, -1));
      if (!drawn.defined())
        throw UsageError("Target " + target.name() +
                         " has no exact draws, which the MMD energy needs. Give a sample file, or "
                         "use --method ift --set ift.energy=kl.");
      batch_ = rows_of(drawn);
    }
    if (fresh_) held_out_ = rows_of(target.draw(std::max<std::int64_t>(4 * n, 1000), draw_seed(setup.seed, -2)));
    flow_.emplace(kind, options, start_of(setup), batch_, fresh_, setup.steps, setup.seed,
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
  [[nodiscard]] std::map<std::string, torch::Tensor> state() const override { return state_tensors(); }
  void restore(const std::map<std::string, torch::Tensor>& stored) override { take(flow_->state, stored); }

 private:
  [[nodiscard]] const Flow::State& flow_state() const override { return flow_->state; }
  [[nodiscard]] double bandwidth() const override { return flow_->bandwidth(); }
  [[nodiscard]] double loss() const override { return fresh_ ? held_out_loss_ : flow_->state.loss; }

  Setup setup_;
  FlowOptions options_;
  std::int64_t batch_size_ = 0;
  bool fresh_ = false;
  Rows batch_, held_out_;
  std::optional<Flow> flow_;
};

class KlSampler final : public FlowSamplerBase {
 public:
  KlSampler(const Setup& setup, const FlowOptions& options)
      : target_(setup.target),
        flow_(options, start_of(setup), setup.target->has_log_density(), setup.seed,
              pairs::pair_sums_on(setup.device, true)) {
    if (sample_set(*target_))
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
  [[nodiscard]] std::map<std::string, torch::Tensor> state() const override { return state_tensors(); }
  void restore(const std::map<std::string, torch::Tensor>& stored) override { take(flow_.state, stored); }

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

std::vector<sampling::Method> flow_methods() {
  const auto options = std::make_shared<FlowOptions>();
  return {flow_method(Kind::ift, "ift", "interaction-force transport: MMD to samples or KL to a density, with weights",
                      options, true),
          flow_method(Kind::mmd_flow, "mmd-flow", "MMD gradient flow, equal weights (options ift.*)", options, false),
          flow_method(Kind::noisy_mmd_flow, "noisy-mmd-flow", "MMD flow with noise-injected gradients (options ift.*)",
                      options, false),
          flow_method(Kind::wfr, "wfr", "Wasserstein-Fisher-Rao flow of the MMD (options ift.*)", options, false)};
}

}  // namespace scorefield::ift
