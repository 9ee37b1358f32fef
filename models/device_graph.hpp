#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

namespace scorefield::models {

/// The stream of a CUDA device that LibTorch works on now (a cudaStream_t); null in builds without SCOREFIELD_CUDA.
[[nodiscard]] void* device_stream(torch::Device device);

/// A fixed sequence of tensor operations that is run again and again. On a CUDA device, in a build with
/// SCOREFIELD_CUDA, the sequence is recorded into a CUDA graph after a few runs and replayed from then on, which costs
/// one launch instead of hundreds. Elsewhere every run is a call.
///
/// What is recorded must not wait for the device, must not read host memory, and must use the same tensors every time:
/// inputs are copied into tensors that stay, results are read from tensors that stay.
class DeviceGraph {
 public:
  /// `enabled = false`: never record.
  explicit DeviceGraph(torch::Device device, bool enabled = true);
  ~DeviceGraph();
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;

  /// Runs `body`, or what was recorded of it. @throws Error when the recording fails, saying how to train without it.
  void run(const std::function<void()>& body);

  /// Whether runs will be recorded; false where every run is a call.
  [[nodiscard]] bool enabled() const { return state_ != nullptr; }
  /// Whether runs are replays by now.
  [[nodiscard]] bool recorded() const;
  /// Whether this build can record on this device.
  [[nodiscard]] static bool available(torch::Device device);

 private:
  struct State;
  std::unique_ptr<State> state_;  ///< null: every run is a call
};

}  // namespace scorefield::models
