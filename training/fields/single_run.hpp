#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "training/optim/named_tensors.hpp"
#include "training/optim/options.hpp"
#include "training/trainer.hpp"
#include "training/verdict.hpp"

namespace scorefield::training {

struct ReducedModel;

// Trainings of fields that are one run: no checkpoints, no processes, nothing that --resume could continue.

struct SingleRunOptions {
  std::int64_t steps = 0;         ///< of the optimiser
  double time_limit_seconds = 0;  ///< 0: none
  std::int64_t log_every = 100;
  optim::OptimizerOptions optimizer{};
};

/// Those of a request, with Adam, which averages noise longer than SOAP. `field`: its name in messages.
/// @throws UsageError when the request asks for a training to be resumed
[[nodiscard]] SingleRunOptions single_run_options(const TrainRequest& request, const std::string& field);

/// Where a run is; of its end.
struct RunProgress {
  std::int64_t step = 0;
  double loss = 0, validation_loss = 0, learning_rate = 0, seconds = 0;
};
using RunObserver = std::function<void(const RunProgress&)>;

/// Tells the request's observer.
[[nodiscard]] RunObserver run_observer(const TrainRequest& request);

struct SingleRun {
  RunProgress end;
  double step_seconds = 0;  ///< mean
  bool interrupted = false;
  History history;
};

/// What one step lowers, and the part of it that is reported.
struct StepLoss {
  torch::Tensor lowered, reported;
};

/// Takes the steps, whose learning rate follows steps or time, and leaves the averaged weights in the parameters.
/// `loss`: of a step, with a graph. `validation`: of the averaged weights, at logging intervals. `report`: then; may be
/// empty. @throws DivergenceError
[[nodiscard]] SingleRun run_once(const optim::NamedTensors& parameters, const SingleRunOptions& options,
                                 const std::function<StepLoss(std::int64_t step)>& loss,
                                 const std::function<double()>& validation, const RunObserver& report);

/// Writes the model that a run left, with populations and observables of its data, and says what was done.
/// `parameters`: the network's. `write_field`: as for save_field_model. @throws Interrupted when the run was
[[nodiscard]] TrainResult save_single_run(const TrainRequest& request, const data::DatasetReader& reader,
                                          ReducedModel& model, const SingleRun& run,
                                          const optim::NamedTensors& parameters,
                                          const std::function<void(h5::File&)>& write_field);

}  // namespace scorefield::training
