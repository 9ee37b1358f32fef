#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace scorefield::distributed {

/// Who this process is among those that a launcher started, and where they meet.
struct LaunchEnvironment {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  ///< index on this machine: which GPU to take
  std::string host;    ///< of the meeting point
  std::uint16_t port = 0;
  bool launcher_listens = false;  ///< the launcher itself serves the meeting point (torchrun's agent)
  std::string variable;           ///< the environment variable that says how many processes there are
};

using Lookup = std::function<std::optional<std::string>(const char* name)>;

/// What torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) or SLURM (SLURM_PROCID, SLURM_NTASKS, with MASTER_ADDR or
/// SLURM_LAUNCH_NODE_IPADDR) says; nothing when there is one process only. `lookup` reads the environment.
/// @throws UsageError naming the variable that is missing or makes no sense.
[[nodiscard]] std::optional<LaunchEnvironment> read_launch_environment(const Lookup& lookup);

/// "cuda" without an index becomes the process's own GPU, "cuda:LOCAL_RANK"; any other device stays.
[[nodiscard]] std::string local_device(const std::string& device, const LaunchEnvironment& environment);

/// std::getenv as a Lookup.
[[nodiscard]] std::optional<std::string> environment_variable(const char* name);

}  // namespace scorefield::distributed
