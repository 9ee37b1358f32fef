#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "training/distributed/environment.hpp"

namespace at {
class Tensor;
}

namespace scorefield::distributed {

/// The processes of one run, each with one device, through LibTorch's c10d (Gloo for CPU tensors, NCCL for CUDA ones).
/// Every process makes the same calls in the same order. Calls return when the result is there.
/// A process that is lost, or silent for too long, makes the others' calls throw Error: they cannot go on without it.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  /// Rank 0: the one that writes files and talks to the user.
  [[nodiscard]] bool is_root() const { return rank() == 0; }

  /// Replaces the tensor by the sum over processes, everywhere.
  virtual void sum(at::Tensor& tensor) = 0;
  /// One tensor of the same shape from every process, in the order of ranks; on rank 0, elsewhere empty.
  [[nodiscard]] virtual std::vector<at::Tensor> gather(const at::Tensor& tensor) = 0;
};

/// Joins the run that the launcher describes. @throws Error when the others do not come, or when this build has no
/// support for the device's backend.
[[nodiscard]] std::unique_ptr<ProcessGroup> join(const LaunchEnvironment& environment, c10::Device device);

/// What a launcher made of this process.
struct Launched {
  std::unique_ptr<ProcessGroup> processes;  ///< null when there is one process only
  std::string device;                       ///< the process's own (local_device)

  [[nodiscard]] bool is_root() const { return !processes || processes->is_root(); }
};

/// Reads the environment and joins the run that it describes, if any. `device`: as the user typed it. `say` gets a line
/// before a process begins to wait for others: a shell that srun started, or a variable left over, makes it wait in
/// vain. A first signal ends the waiting.
/// @throws UsageError (read_launch_environment), Error (join)
[[nodiscard]] Launched join_launched(const std::string& device, const std::function<void(const std::string&)>& say);

}  // namespace scorefield::distributed
