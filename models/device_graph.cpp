// Builds without CUDA headers: nothing is recorded. device_graph_cuda.cpp takes this file's place with SCOREFIELD_CUDA.

#include "models/device_graph.hpp"

namespace scorefield::models {

void* device_stream(torch::Device) { return nullptr; }

struct DeviceGraph::State {};

DeviceGraph::DeviceGraph(torch::Device, bool) {}
DeviceGraph::~DeviceGraph() = default;
void DeviceGraph::run(const std::function<void()>& body) { body(); }
bool DeviceGraph::recorded() const { return false; }
bool DeviceGraph::available(torch::Device) { return false; }

}  // namespace scorefield::models
