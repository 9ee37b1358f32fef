#include "training/distributed/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"

namespace scorefield::distributed {
namespace {

/// Where SLURM's processes meet when nothing says otherwise; a job's own number keeps jobs on one machine apart.
constexpr int kFirstPort = 20000, kPorts = 20000;

int parse_number(const char* name, const std::string& text, int low, int high) {
  const bool digits = !text.empty() && text.size() < 9 && std::all_of(text.begin(), text.end(), ::isdigit);
  if (!digits || std::stoi(text) < low || std::stoi(text) > high)
    throw UsageError("environment variable " + std::string(name) + " is '" + text + "', expected a number from " +
                     std::to_string(low) + " to " + std::to_string(high) + ".");
  return std::stoi(text);
}

std::string need(const Lookup& lookup, const char* name, const char* because) {
  if (const auto text = lookup(name)) return *text;
  throw UsageError("environment variable " + std::string(name) + " is missing, though " + because +
                   " is set. Start the processes with torchrun or srun, or unset it.");
}

}  // namespace

std::optional<std::string> environment_variable(const char* name) {
  const char* text = std::getenv(name);
  if (!text || !*text) return std::nullopt;
  return text;
}

std::string local_device(const std::string& device, const LaunchEnvironment& environment) {
  return device == "cuda" ? "cuda:" + std::to_string(environment.local_rank) : device;
}

std::optional<LaunchEnvironment> read_launch_environment(const Lookup& lookup) {
  constexpr int kMostProcesses = 1 << 20, kMostPort = 65535;
  LaunchEnvironment environment;
  if (const auto size = lookup("WORLD_SIZE")) {
    environment.size = parse_number("WORLD_SIZE", *size, 1, kMostProcesses);
    if (environment.size == 1) return std::nullopt;
    environment.variable = "WORLD_SIZE";
    environment.rank = parse_number("RANK", need(lookup, "RANK", "WORLD_SIZE"), 0, environment.size - 1);
    environment.local_rank = parse_number("LOCAL_RANK", lookup("LOCAL_RANK").value_or("0"), 0, kMostProcesses);
    environment.host = need(lookup, "MASTER_ADDR", "WORLD_SIZE");
    environment.port = static_cast<std::uint16_t>(
        parse_number("MASTER_PORT", need(lookup, "MASTER_PORT", "WORLD_SIZE"), 1, kMostPort));
    environment.launcher_listens = lookup("TORCHELASTIC_USE_AGENT_STORE") == "True";
    return environment;
  }
  const auto tasks = lookup("SLURM_NTASKS");
  // A batch script's own shell has SLURM_NTASKS too; only what srun started is one of several processes.
  if (!tasks || !lookup("SLURM_STEP_ID") || !lookup("SLURM_PROCID")) return std::nullopt;
  environment.size = parse_number("SLURM_NTASKS", *tasks, 1, kMostProcesses);
  if (environment.size == 1) return std::nullopt;
  environment.variable = "SLURM_NTASKS";
  environment.rank = parse_number("SLURM_PROCID", *lookup("SLURM_PROCID"), 0, environment.size - 1);
  environment.local_rank = parse_number("SLURM_LOCALID", lookup("SLURM_LOCALID").value_or("0"), 0, kMostProcesses);
  const auto host = lookup("MASTER_ADDR");
  environment.host = host ? *host : need(lookup, "SLURM_LAUNCH_NODE_IPADDR", "SLURM_NTASKS");
  const int job = parse_number("SLURM_JOB_ID", lookup("SLURM_JOB_ID").value_or("0"), 0, 99999999);
  const auto port = lookup("MASTER_PORT");
  environment.port =
      static_cast<std::uint16_t>(port ? parse_number("MASTER_PORT", *port, 1, kMostPort) : kFirstPort + job % kPorts);
  return environment;
}

}  // namespace scorefield::distributed
