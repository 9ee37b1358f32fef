#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/error.hpp"
#include "training/distributed/environment.hpp"

namespace scorefield::distributed {
namespace {

std::optional<LaunchEnvironment> read(const std::map<std::string, std::string>& variables) {
  return read_launch_environment([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(LaunchEnvironment, IsAbsentForOneProcess) {
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(read({{"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(read({{"SLURM_NTASKS", "4"}})) << "a batch script before srun";
}

TEST(LaunchEnvironment, OfTorchrun) {
  const auto environment = read({{"WORLD_SIZE", "8"},
                                 {"RANK", "5"},
                                 {"LOCAL_RANK", "1"},
                                 {"MASTER_ADDR", "node1"},
                                 {"MASTER_PORT", "29500"},
                                 {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                 {"SLURM_NTASKS", "2"}});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->rank, 5);
  EXPECT_EQ(environment->size, 8);
  EXPECT_EQ(environment->host, "node1");
  EXPECT_EQ(environment->port, 29500);
  EXPECT_TRUE(environment->launcher_listens);
  EXPECT_EQ(local_device("cuda", *environment), "cuda:1");
  EXPECT_EQ(local_device("cuda:0", *environment), "cuda:0");
  EXPECT_EQ(local_device("cpu", *environment), "cpu");
}

TEST(LaunchEnvironment, OfSlurm) {
  const auto environment = read({{"SLURM_NTASKS", "4"},
                                 {"SLURM_STEP_ID", "0"},
                                 {"SLURM_PROCID", "3"},
                                 {"SLURM_LOCALID", "1"},
                                 {"SLURM_JOB_ID", "123456"},
                                 {"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.1"}});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->rank, 3);
  EXPECT_EQ(environment->size, 4);
  EXPECT_EQ(environment->host, "10.0.0.1");
  EXPECT_EQ(environment->port, 20000 + 123456 % 20000);
  EXPECT_FALSE(environment->launcher_listens);
}

TEST(LaunchEnvironment, ErrorsNameTheVariable) {
  const auto refused = [](const std::map<std::string, std::string>& variables, const std::string& words) {
    EXPECT_THAT([&] { static_cast<void>(read(variables)); },
                testing::ThrowsMessage<UsageError>(testing::HasSubstr(words)));
  };
  refused({{"WORLD_SIZE", "two"}}, "WORLD_SIZE is 'two'");
  refused({{"WORLD_SIZE", "2"}}, "RANK is missing");
  refused({{"WORLD_SIZE", "2"}, {"RANK", "2"}}, "RANK is '2', expected a number from 0 to 1");
  refused({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "0"}}, "MASTER_PORT");
}

}  // namespace
}  // namespace scorefield::distributed
