#include "training/distributed/process_group.hpp"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef SCOREFIELD_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <chrono>

#include "core/error.hpp"
#include "core/interrupt.hpp"

namespace scorefield::distributed {
namespace {

/// How long to wait for the others: to appear, and in a call. A call takes as long as the slowest process's step.
constexpr std::chrono::minutes kJoinTimeout{2}, kCallTimeout{10};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

c10::intrusive_ptr<c10d::Store> meet(const LaunchEnvironment& environment) {
  c10d::TCPStoreOptions options;
  options.port = environment.port;
  options.isServer = environment.rank == 0 && !environment.launcher_listens;
  options.waitWorkers = false;
  options.timeout = kJoinTimeout;
  auto store = c10::make_intrusive<c10d::TCPStore>(environment.host, options);
  // A restarted run must not read what the one before left in a launcher's store.
  const auto attempt = environment_variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
  return c10::make_intrusive<c10d::PrefixStore>("scorefield/" + attempt, store);
}

/// Waits until every process has come, the short time that joining may take: the backends would wait as long as a call.
void await_all(c10d::Store& store, const LaunchEnvironment& environment) {
  const auto key = [](int rank) { return "here/" + std::to_string(rank); };
  store.set(key(environment.rank), std::vector<std::uint8_t>{1});
  std::vector<std::string> keys;
  for (int rank = 0; rank < environment.size; ++rank) keys.push_back(key(rank));
  store.wait(keys, kJoinTimeout);
}

c10::intrusive_ptr<c10d::Backend> make_backend(const LaunchEnvironment& environment, torch::Device device) {
  const auto store = meet(environment);
  await_all(*store, environment);
  if (device.is_cuda()) {
#ifdef SCOREFIELD_NCCL
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = kCallTimeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, environment.rank, environment.size, options);
#else
    throw Error(
        "several processes on GPUs need NCCL, and this build is without it: configure with "
        "-DSCOREFIELD_NCCL=ON, or use --device cpu.");
#endif
  }
  auto options = c10d::ProcessGroupGloo::Options::create();
  options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  options->timeout = kCallTimeout;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, environment.rank, environment.size, options);
}

class C10dGroup : public ProcessGroup {
 public:
  C10dGroup(const LaunchEnvironment& environment, torch::Device device)
      : environment_(environment), backend_(make_backend(environment, device)) {}

  int rank() const override { return environment_.rank; }
  int size() const override { return environment_.size; }

  void sum(torch::Tensor& tensor) override {
    std::vector<torch::Tensor> tensors{tensor};
    call([&] { backend_->allreduce(tensors)->wait(); });
  }

  std::vector<torch::Tensor> gather(const torch::Tensor& tensor) override {
    std::vector<torch::Tensor> inputs{tensor.contiguous()};
    std::vector<std::vector<torch::Tensor>> outputs;
    if (is_root()) {
      outputs.emplace_back();
      for (int r = 0; r < size(); ++r) outputs.front().push_back(torch::empty_like(inputs.front()));
    }
    call([&] { backend_->gather(outputs, inputs, {.rootRank = 0})->wait(); });
    return is_root() ? std::move(outputs.front()) : std::vector<torch::Tensor>{};
  }

 private:
  template <class Work>
  void call(Work&& work) const {
    try {
      work();
    } catch (const std::exception& error) {
      throw Error("process " + std::to_string(rank()) + " of " + std::to_string(size()) +
                  " lost contact with another one, which ended or is stuck (" + first_line(error.what()) +
                  "). Look for its message; what was saved is kept, and a training continues with --resume.");
    }
  }

  LaunchEnvironment environment_;
  c10::intrusive_ptr<c10d::Backend> backend_;
};

}  // namespace

std::unique_ptr<ProcessGroup> join(const LaunchEnvironment& environment, torch::Device device) {
  try {
    return std::make_unique<C10dGroup>(environment, device);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error("process " + std::to_string(environment.rank) + " of " + std::to_string(environment.size) +
                " could not meet the others at " + environment.host + ":" + std::to_string(environment.port) + " (" +
                first_line(error.what()) + "). Start all of them, with one MASTER_ADDR and a free MASTER_PORT.");
  }
}

Launched join_launched(const std::string& device, const std::function<void(const std::string&)>& say) {
  const auto environment = read_launch_environment(environment_variable);
  if (!environment) return {nullptr, device};
  say("process " + std::to_string(environment->rank) + " of " + std::to_string(environment->size) + " (" +
      environment->variable + "): waits for the others at " + environment->host + ":" +
      std::to_string(environment->port) + ", " + std::to_string(kJoinTimeout.count()) +
      " minutes at most. To run alone, unset " + environment->variable + ".");
  const EndedBySignals at_once;
  const std::string own = local_device(device, *environment);
  return {join(*environment, torch::Device(own)), own};
}

}  // namespace scorefield::distributed
