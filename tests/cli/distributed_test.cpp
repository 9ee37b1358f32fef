#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <memory>

#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

/// A TCP port that nobody listens on now, chosen by the system.
std::string free_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* general = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(handle, general, size), 0);
  EXPECT_EQ(::getsockname(handle, general, &size), 0);
  ::close(handle);
  return std::to_string(ntohs(address.sin_port));
}

/// Two processes of the binary, as torchrun would start them.
class Distributed : public Cli {
 protected:
  std::unique_ptr<RunningCommand> start(int rank, std::vector<std::string> arguments, const std::string& port) const {
    std::vector<std::string> command{"/usr/bin/env",          "WORLD_SIZE=2",        "RANK=" + std::to_string(rank),
                                     "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port, SCOREFIELD_BINARY};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return std::make_unique<RunningCommand>(command, folder_.path());
  }

  void succeed_together(const std::vector<std::string>& arguments) const {
    const std::string port = free_port();
    auto second = start(1, arguments, port), first = start(0, arguments, port);
    const auto root = first->wait(), other = second->wait();
    EXPECT_EQ(root.exit_code, 0) << root.err;
    EXPECT_EQ(other.exit_code, 0) << other.err;
    EXPECT_NE(root.out, "");
    EXPECT_EQ(other.out, "") << "only rank 0 talks";
  }

  /// Largest difference between two files' arrays relative to the largest value.
  double difference(const std::string& name, const std::string& one, const std::string& two) const {
    const auto read = [&](const std::string& file) { return h5::File::open(folder_ / file).read<float>(name); };
    const auto a = read(one), b = read(two);
    EXPECT_EQ(a.size(), b.size());
    double error = 0, scale = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      error = std::max(error, std::abs(static_cast<double>(a[i]) - b[i]));
      scale = std::max(scale, std::abs(static_cast<double>(a[i])));
    }
    return error / scale;
  }
};

TEST_F(Distributed, TwoProcessesTrainAsOneWithTheSameBatch) {
  succeed(tiny_generate("data.h5"));
  // Five groups do not divide by two; sigma > 0 draws Hutchinson probes. Adam: SOAP's first basis, of a factor of
  // deficient rank, amplifies rounding.
  const auto arguments = [&](const std::string& output) {
    auto train = tiny_train("data.h5", output, "20");
    for (const char* option : {"batch.nodes=5", "loss.sigma=0.1", "optimizer.name=adam"})
      train.insert(train.end(), {"--set", option});
    return train;
  };
  succeed(arguments("one.h5"));
  succeed_together(arguments("two.h5"));
  EXPECT_LT(difference("/model/parameters/modulation.weight0", "one.h5", "two.h5"), 1e-5);
  EXPECT_LT(difference("/model/parameters/modulation.weight1", "one.h5", "two.h5"), 1e-5);

  const std::vector<std::string> infer{"infer", "two.h5",   "--mu",        "1.2,1.3,1.4", "--frames",
                                       "4",     "--output", "rollout2.h5", "--threads",   "1"};
  succeed_together(infer);
  auto alone = infer;
  alone[7] = "rollout1.h5";
  succeed(alone);
  EXPECT_EQ(difference("/samples", "rollout1.h5", "rollout2.h5"), 0);
}

TEST_F(Distributed, ALostProcessIsAClearError) {
  succeed(tiny_generate("data.h5"));
  auto train = tiny_train("data.h5", "model.h5", "1000000");
  for (const char* option : {"batch.nodes=4", "training.log_every=10", "training.checkpoint_every=10"})
    train.insert(train.end(), {"--set", option});
  const std::string port = free_port();
  auto second = start(1, train, port), first = start(0, train, port);
  for (int i = 0; i < 600 && !std::filesystem::exists(folder_ / "model.h5"); ++i) ::usleep(100000);
  second->send(SIGKILL);
  const auto result = first->wait();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, ::testing::HasSubstr("lost contact"));
  EXPECT_THAT(result.err, ::testing::HasSubstr("--resume"));
  auto resume = train;
  resume.insert(resume.end(), {"--resume", "--time-limit", "1s", "--quiet"});
  succeed(resume);
}

/// A shell that srun started, or a variable left over from another program.
TEST_F(Distributed, AProcessAloneSaysWhomItWaitsForAndEndsAtTheFirstSignal) {
  succeed(tiny_generate("data.h5"));
  const auto alone = start(0, tiny_train("data.h5", "model.h5", "5"), free_port());
  EXPECT_TRUE(alone->wait_for_error_text("waits for the others at 127.0.0.1"));
  ::usleep(300000);
  alone->send(SIGTERM);
  const auto result = alone->wait();
  EXPECT_EQ(result.exit_code, 128 + SIGTERM);
  EXPECT_THAT(result.err, ::testing::HasSubstr("process 0 of 2 (WORLD_SIZE)"));
  EXPECT_THAT(result.err, ::testing::HasSubstr("unset WORLD_SIZE"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.h5"));
}

TEST_F(Distributed, AHalfSetEnvironmentIsExplained) {
  const auto result = run_command(
      {"/usr/bin/env", "WORLD_SIZE=2", SCOREFIELD_BINARY, "train", "data.h5", "--output", "m.h5"}, folder_.path());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, ::testing::HasSubstr("RANK is missing"));
}

}  // namespace
}  // namespace scorefield::test
