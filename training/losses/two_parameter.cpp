#include <algorithm>
#include <chrono>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

/// Of a time limit, for the flow; what is left after its samples are drawn is the field's.
constexpr double kShareOfFlow = 0.55;

TrainRequest stage(const TrainRequest& request, const std::string& loss) {
  TrainRequest part = request;
  part.config.loss.name = loss;
  if (!part.observer) return part;
  TrainProgress progress;
  progress.message = "two-parameter: training with loss " + loss;
  part.observer(progress);
  return part;
}

double seconds_from(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

/// Snapshots to one smooth rollout by a flow in two parameters (arXiv 2605.26285): conditional flow matching from noise
/// to every marginal (cfm), then the same points of noise seen at all times of every training mu, which are
/// trajectories through the marginals, and a regression of the field on their velocities. A time limit is shared
/// between the two; the model's populations and observables are those of the data.
class TwoParameterLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<TwoParameterLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "two-parameter"; }
  [[nodiscard]] std::string summary() const override {
    return "snapshots, by velocities of points that a flow (cfm) leads to every marginal";
  }
  [[nodiscard]] bool is_regression() const override { return true; }

  void bind(OptionSet& set) override {
    set.add("loss.path_points", points_, at_least(16), "two-parameter: points that are followed, of every training mu");
    set.add("loss.path_steps", flow_steps_, at_least(1), "two-parameter: steps of the flow to every marginal");
  }
  void validate(const TrainConfig& config) const override {
    if (config.loss.sigma > 0) throw UsageError("option 'loss.sigma' does not go with loss.name = two-parameter.");
    if (config.model.known_drift != models::KnownDriftKind::none)
      throw UsageError("option 'model.known_drift' does not go with loss.name = two-parameter, whose flow knows none.");
  }

  /// That of the flow.
  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return inputs.config.loss.list.find("cfm").plan(inputs);
  }
  [[nodiscard]] TrainResult train(const TrainRequest& request) const override;

 private:
  /// Writes the same points of noise at all times of the training mu.
  void draw_paths(const TrainRequest& request, const std::string& flow, const std::string& output) const;
  [[nodiscard]] TrainResult train_both(const TrainRequest& request) const;

  std::int64_t points_ = 4000, flow_steps_ = 20;
};

void TwoParameterLoss::draw_paths(const TrainRequest& request, const std::string& flow,
                                  const std::string& output) const {
  InferRequest paths{.model_path = flow, .output_path = output, .seed = request.seed, .device = request.device};
  paths.options.mu = open_training_data(request.data_path, request.config).header().mu;
  paths.options.start.particles = points_;
  paths.options.conditional.steps = flow_steps_;
  paths.observer = [&](const Progress& at) {
    if (!request.observer) return;
    TrainProgress progress;
    progress.step = at.done;
    progress.total_steps = at.total;
    progress.stage = at.stage;
    request.observer(progress);
  };
  infer(paths);
}

TrainResult TwoParameterLoss::train_both(const TrainRequest& request) const {
  const auto start = std::chrono::steady_clock::now();
  const data::AtomicFile flow(request.output_path + ".flow"), paths(request.output_path + ".paths");
  auto to_marginals = stage(request, "cfm");
  to_marginals.output_path = flow.temporary_path();
  to_marginals.time_limit_seconds *= kShareOfFlow;
  const auto first = train_network(to_marginals);
  draw_paths(request, flow.temporary_path(), paths.temporary_path());

  auto through_time = stage(request, "velocity");
  through_time.populations_path = request.data_path;
  through_time.data_path = paths.temporary_path();
  const double gone = seconds_from(start);
  if (request.time_limit_seconds > 0)
    through_time.time_limit_seconds = std::max(1.0, request.time_limit_seconds - gone);
  auto result = train_network(through_time);
  result.time_limit_reached = false;  // nothing that could be continued
  result.seconds += gone;
  result.warnings.insert(result.warnings.begin(), first.warnings.begin(), first.warnings.end());
  return result;
}

TrainResult TwoParameterLoss::train(const TrainRequest& request) const {
  if (request.resume)
    throw UsageError(
        "a training with loss.name = two-parameter is one run, which --resume cannot continue: train again, with more "
        "steps (training.steps) or time (--time-limit).");
  if (request.processes) throw UsageError("loss.name = two-parameter trains in one process.");
  if (open_training_data(request.data_path, request.config).header().ragged())
    throw UsageError("loss.name = two-parameter needs the same times and numbers of particles at every mu.");
  try {
    return train_both(request);
  } catch (const Interrupted&) {
    throw Interrupted("interrupted; a training with loss.name = two-parameter is one run, and starts again.");
  }
}

template std::unique_ptr<Loss> make_loss<TwoParameterLoss>();

}  // namespace scorefield::training
