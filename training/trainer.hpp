#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "training/config.hpp"
#include "training/distributed/process_group.hpp"
#include "training/verdict.hpp"

namespace scorefield::training {

struct TrainProgress {
  std::int64_t step = 0, total_steps = 0;
  double loss = 0;             ///< mean over the last interval
  double validation_loss = 0;  ///< averaged weights on the fixed validation set
  double learning_rate = 0;
  double steps_per_second = 0;
  double seconds_left = 0;
  std::string stage;     ///< of work that has no loss; empty: optimiser steps
  std::string message;   ///< a line for the user, usually empty
  bool warning = false;  ///< the message is a warning
};
using TrainObserver = std::function<void(const TrainProgress&)>;

struct TrainRequest {
  std::string data_path, output_path;
  TrainConfig config;
  std::string populations_path{};  ///< whose populations and observables the model keeps; empty: data_path
  std::string config_toml;         ///< complete resolved configuration, stored in the model
  std::int64_t seed = 0;
  bool resume = false;            ///< continue output_path
  bool new_schedule = false;      ///< resume: the learning rate's schedule starts again
  double time_limit_seconds = 0;  ///< of this call; 0: none
  std::string device = "cpu";     ///< "cpu", "cuda" or "cuda:1"
  TrainObserver observer{};
  distributed::ProcessGroup* processes = nullptr;  ///< the processes that train together; null: this one alone
};

struct TrainResult {
  std::int64_t steps = 0;   ///< all steps of this model so far
  double seconds = 0;       ///< of this call
  double step_seconds = 0;  ///< median of its steps, each with its batch; host time, so of little use on a GPU
  double final_loss = 0, validation_loss = 0;
  std::int64_t parameters = 0;
  std::string engine;
  bool interrupted = false;
  bool time_limit_reached = false;
  Verdict verdict = Verdict::sound;
  std::int64_t kept_step = 0;           ///< of the weights in the file: below `steps` where the training went back
  std::string judgement;                ///< for the user; empty where the verdict is sound
  std::string description{};            ///< of what was found, for the user; usually empty
  std::vector<std::string> warnings{};  ///< about the data, which the observer was told
};

/// Trains a reduced model and writes checkpoints to output_path: every checkpoint_every steps, at the end, at the time
/// limit and on an interrupt (then Interrupted is thrown). A run of n steps, stopped and resumed anywhere, equals the
/// uninterrupted one bit for bit, unless the learning rate follows a time limit. A resumed run goes on where the
/// learning rate's schedule was, also with more steps or after a time limit: the rate never rises again, unless
/// new_schedule asks for that.
/// A training that overfits or diverges (verdict.hpp) leaves the checkpoint of its least validation loss.
/// With several processes each makes an equal run of the groups of every batch, and gradients are summed over
/// processes: the steps are those of one process with the same batch up to the order of sums. Every process passes the
/// same request; rank 0 writes the file and tells the observer.
/// @throws UsageError, FileError, DivergenceError where numbers are no longer finite (the best checkpoint stays)
TrainResult train(const TrainRequest& request);

/// The same for a field that is a network and whose loss is named.
TrainResult train_network(const TrainRequest& request);

}  // namespace scorefield::training
