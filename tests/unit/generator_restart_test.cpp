// A generation that is stopped and resumed writes the dataset of an undisturbed one.

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "tests/support/damage_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/problem_request.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

struct StoppableCase {
  std::string problem;
  std::vector<std::string> assignments;
  int threads = 1;  ///< when it is stopped first, 1 or 2; the other number when it is resumed
};

std::ostream& operator<<(std::ostream& out, const StoppableCase& which) { return out << which.problem; }

class Restart : public testing::TestWithParam<StoppableCase> {
 protected:
  ProblemRequest request() const {
    ProblemRequest request{GetParam().problem, GetParam().assignments};
    request.options = problems::resolved(request.options, *request.problem);
    return request;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Problems, Restart,
    testing::Values(
        StoppableCase{"two-stream",
                      {"generate.mu=1.2,1.3", "generate.particles=50", "generate.frames=5",
                       "pic.simulated_particles=1001", "pic.duration=1", "pic.cells=64"}},
        StoppableCase{"two-stream",
                      {"generate.mu=1.2,1.3,1.4", "generate.particles=50", "generate.frames=5",
                       "pic.simulated_particles=1001", "pic.duration=1", "pic.cells=64"},
                      2},
        StoppableCase{"two-stream",
                      {"generate.parameters=mu, perturbation.amplitude", "generate.mu=(1.2, 0.05), (1.2, 0.1)",
                       "generate.particles=50", "generate.frames=5", "pic.simulated_particles=1001", "pic.duration=1",
                       "pic.cells=64"}},
        StoppableCase{
            "bump-on-tail",
            {"generate.mu=1.4,1.6", "generate.particles=50", "generate.frames=5", "pic.simulated_particles=9001",
             "pic.duration=1", "pic.precision=double", "pic.cells=64", "generate.velocities=false"}},
        StoppableCase{"landau-6d",
                      {"generate.mu=0.2,0.4", "generate.particles=50", "generate.frames=5", "pic.cells=8",
                       "pic.simulated_particles=5000", "pic.duration=1", "pic.sort_interval=3"}},
        StoppableCase{"chaos-9d",
                      {"generate.mu=1.2,1.4", "generate.particles=50", "generate.frames=5", "sde.duration=0.4"}},
        StoppableCase{"bistable",
                      {"generate.mu=0.2,0.4", "generate.particles=2500", "generate.frames=5", "sde.duration=1",
                       "generate.velocities=false"},
                      2},
        StoppableCase{"vlasov",
                      {"generate.mu=1.4,1.6", "generate.particles=50", "generate.frames=5", "vlasov.case=bump-on-tail",
                       "vlasov.cells=32", "vlasov.velocity_cells=128", "vlasov.duration=1"}},
        StoppableCase{
            "vlasov",
            {"generate.mu=0.2,0.4", "generate.particles=50", "generate.frames=5", "vlasov.case=landau",
             "vlasov.identity=marginals", "vlasov.cells=32", "vlasov.velocity_cells=128", "vlasov.duration=1"}}),
    [](const auto& info) {
      std::string name = info.param.problem + std::to_string(info.index);
      std::erase(name, '-');
      return name;
    });

/// Asks for an interrupt when the given number of frames (of all runs) has been written.
class InterruptAfter {
 public:
  explicit InterruptAfter(int frames) : left_(frames) {}
  void operator()(const Progress&) {
    if (--left_ == 0) std::raise(SIGTERM);
  }

 private:
  int left_;
};

void expect_same(const std::string& one, const std::string& other) {
  const data::DatasetReader a(one), b(other);
  for (std::int64_t m = 0; m < a.header().mu_count(); ++m)
    for (std::int64_t k = 0; k < a.header().frames(); ++k) {
      EXPECT_EQ(frame(a, m, k), frame(b, m, k)) << m << ' ' << k;
      if (a.header().has_velocities) {
        EXPECT_EQ(rates(a, m, k), rates(b, m, k)) << m << ' ' << k;
      }
    }
  const auto first = a.read_diagnostics(), second = b.read_diagnostics();
  ASSERT_EQ(first.has_value(), second.has_value());
  if (!first) return;
  for (const auto& [name, series] : first->series) EXPECT_EQ(series.values, second->series.at(name).values) << name;
}

TEST_P(Restart, ContinuesBitForBit) {
  catch_interrupts();
  TemporaryFolder folder;
  auto whole = request();
  whole.generate(folder.path("whole.h5"));

  auto stopped = request();
  stopped.options.checkpoint = folder.path("data.h5.checkpoint");
  const std::string path = folder.path("data.h5");
  const int threads = thread_count();
  for (const int frames : {3, 4}) {  // one thread: in the first run, then in the second; two: both runs are under way
    set_thread_count(frames == 3 ? GetParam().threads : 3 - GetParam().threads);
    expect_error<Interrupted>([&] { stopped.generate(path, InterruptAfter(frames)); },
                              {"interrupted at " + GetParam().problem, "--resume"});
    clear_interrupt();
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(std::filesystem::exists(stopped.options.checkpoint));
    stopped.options.resume = true;
  }
  set_thread_count(threads);
  stopped.generate(path);
  expect_same(path, folder.path("whole.h5"));
  EXPECT_FALSE(std::filesystem::exists(stopped.options.checkpoint));
}

/// What a killed process leaves is the last periodic checkpoint.
TEST_P(Restart, PeriodicCheckpointsContinueToo) {
  TemporaryFolder folder;
  auto whole = request();
  whole.generate(folder.path("whole.h5"));
  auto killed = request();
  killed.set.set("generate.checkpoint_interval", "1e-9");
  killed.options.checkpoint = folder.path("checkpoint");
  struct Killed {};
  const auto kill = [left = 7](const Progress&) mutable {
    if (--left == 0) throw Killed();
  };
  EXPECT_THROW(killed.generate(folder.path("data.h5"), kill), Killed);
  killed.options.resume = true;
  killed.generate(folder.path("data.h5"));
  expect_same(folder.path("data.h5"), folder.path("whole.h5"));
}

TEST_P(Restart, RefusesAnotherConfiguration) {
  catch_interrupts();
  TemporaryFolder folder;
  auto stopped = request();
  stopped.options.checkpoint = folder.path("checkpoint");
  expect_error<Interrupted>([&] { stopped.generate(folder.path("data.h5"), InterruptAfter(2)); }, {"continues from"});
  clear_interrupt();
  stopped.options.resume = true;
  stopped.set.set("generate.frames", "6");
  expect_error<UsageError>([&] { stopped.generate(folder.path("data.h5")); },
                           {"frames = 5", "frames = 6", "same options"});
  stopped.set.set("generate.frames", "5");
  stopped.options.seed = 7;
  expect_error<UsageError>([&] { stopped.generate(folder.path("data.h5")); }, {"seed 0, not 7"});
  stopped.options.checkpoint = folder.path("nothing");
  expect_error<FileError>([&] { stopped.generate(folder.path("data.h5")); }, {"no such file", "without --resume"});
}

TEST_P(Restart, DoesNotGoOnFromNumbersThatAreNotFinite) {
  catch_interrupts();
  TemporaryFolder folder;
  auto stopped = request();
  stopped.options.checkpoint = folder.path("checkpoint");
  EXPECT_THROW(stopped.generate(folder.path("data.h5"), InterruptAfter(2)), Interrupted);
  clear_interrupt();
  set_first_value_nan(stopped.options.checkpoint, "samples");
  stopped.options.resume = true;
  expect_error<FileError>([&] { stopped.generate(folder.path("data.h5")); }, {"'/samples'", "not finite", "resum"});
}

TEST_P(Restart, WithoutACheckpointNothingIsLeft) {
  catch_interrupts();
  TemporaryFolder folder;
  auto stopped = request();
  expect_error<Interrupted>([&] { stopped.generate(folder.path("data.h5"), InterruptAfter(2)); },
                            {"no file was written"});
  clear_interrupt();
  EXPECT_TRUE(folder.listing().empty());
}

}  // namespace
}  // namespace scorefield::test
