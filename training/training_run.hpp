#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/device_graph.hpp"
#include "training/batch/source.hpp"
#include "training/model_file.hpp"
#include "training/objective.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/optimizer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {

/// One training run: everything between the options and the model file.
class Training {
 public:
  /// The request must outlive it. @throws as train()
  explicit Training(const TrainRequest& request);
  TrainResult run();

 private:
  /// What makes a run end early.
  struct Signals {
    bool interrupted = false, time_limit = false;
  };

  [[nodiscard]] bool is_root() const { return !request_.processes || request_.processes->is_root(); }
  [[nodiscard]] Share share() const;
  /// What the model keeps of the data.
  void keep(const data::DatasetReader& populations);
  [[nodiscard]] double progress(std::int64_t step) const;
  [[nodiscard]] Signals signals() const;
  [[nodiscard]] std::vector<double> validate();
  [[nodiscard]] Signals train_step(std::int64_t step, const Batch& batch);
  [[nodiscard]] torch::Tensor gradients(const ObjectiveInputs& inputs);
  void prepare_update(double step_progress);
  void update(const torch::Tensor& loss);
  [[nodiscard]] Signals share_step(torch::Tensor& loss, double& step_progress);
  void log(std::int64_t step);
  void report(std::int64_t step) const;
  [[nodiscard]] std::string start_message() const;
  [[nodiscard]] Checkpoint now(std::int64_t step) const;
  void save(const Checkpoint& checkpoint);
  void restore(const Checkpoint& checkpoint);
  void resume();
  void go_back();
  [[noreturn]] void give_up(std::int64_t step, const std::string& quantity);
  void judge_end(TrainResult& result);
  [[nodiscard]] std::string advice() const;

  const TrainRequest& request_;
  TrainConfig config_;
  torch::Device device_;
  ReducedModel model_;
  std::unique_ptr<BatchSource> batches_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<optim::ExponentialMovingAverage> average_;
  std::vector<ObjectiveInputs> validation_;
  History history_;
  std::optional<ObjectiveInputs> inputs_;  ///< what a recorded step reads
  models::DeviceGraph graph_;
  torch::Tensor interval_loss_;  ///< sum since the last row of the history, on the device
  std::int64_t interval_steps_ = 0;
  std::int64_t first_step_ = 0;
  optim::Course course_;
  Untrained untrained_;
  std::optional<Checkpoint> best_;  ///< at the row of least validation loss
  double earlier_seconds_ = 0;
  double rate_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The network's parameters by name, live.
[[nodiscard]] optim::NamedTensors named_parameters(models::ScoreNetwork& network);

}  // namespace scorefield::training
