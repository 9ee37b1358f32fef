#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <string>

#include "core/error.hpp"
#include "models/device_graph.hpp"

namespace scorefield::models {
namespace {

/// Calls before the recording: libraries choose algorithms and allocate workspaces, SOAP makes its first bases.
constexpr int kWarmUps = 3;

/// Makes `later` wait for what `earlier` holds so far.
void order(const c10::cuda::CUDAStream& earlier, const c10::cuda::CUDAStream& later) {
  at::cuda::CUDAEvent event;
  event.record(earlier);
  event.block(later);
}

}  // namespace

void* device_stream(torch::Device device) { return c10::cuda::getCurrentCUDAStream(device.index()).stream(); }

struct DeviceGraph::State {
  explicit State(torch::Device of) : device(of), stream(c10::cuda::getStreamFromPool(false, of.index())) {}
  torch::Device device;
  c10::cuda::CUDAStream stream;  ///< recording is not possible on the default stream
  at::cuda::CUDAGraph graph;
  int calls = 0;
  bool recorded = false;
};

DeviceGraph::DeviceGraph(torch::Device device, bool enabled) {
  if (enabled && available(device)) state_ = std::make_unique<State>(device);
}

DeviceGraph::~DeviceGraph() = default;

void DeviceGraph::run(const std::function<void()>& body) {
  if (!state_) return body();
  const c10::cuda::CUDAGuard device(state_->device);
  if (state_->recorded) return state_->graph.replay();
  const auto current = c10::cuda::getCurrentCUDAStream(state_->device.index());
  order(current, state_->stream);
  {
    const c10::cuda::CUDAStreamGuard guard(state_->stream);
    if (state_->calls++ < kWarmUps) {
      body();
    } else {
      try {
        // Thread-local: the thread that makes batches may allocate meanwhile.
        state_->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
        body();
        state_->graph.capture_end();
      } catch (const c10::Error& error) {
        throw Error("the step could not be recorded as a CUDA graph (" + std::string(error.what_without_backtrace()) +
                    "). Train with --set training.cuda_graph=false.");
      }
      state_->recorded = true;
      state_->graph.replay();  // recording alone runs nothing
    }
  }
  order(state_->stream, current);
}

bool DeviceGraph::recorded() const { return state_ && state_->recorded; }

bool DeviceGraph::available(torch::Device device) { return device.is_cuda(); }

}  // namespace scorefield::models
