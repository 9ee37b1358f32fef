// `sample` through the real binary: its JSON, its file, interruption, and what it refuses.

#include <signal.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/random.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/samples_file.hpp"
#include "tests/cli/cli_fixture.hpp"
#include "tests/support/damage_file.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;

class Sample : public Cli {
 protected:
  std::vector<double> column(const std::string& file, const std::string& name) const {
    return h5::File::open(folder_ / file).read<double>(name);
  }
  std::vector<std::int64_t> dims(const std::string& file, const std::string& name) const {
    return h5::File::open(folder_ / file).dims(name);
  }
  /// TorchScript modules NAME.pt with dim = 2 that return an expression of x; false where Python has no torch.
  bool scripts(const std::vector<std::pair<std::string, std::string>>& expressions) const {
    std::string code = "import torch\n";
    for (const auto& [name, forward] : expressions)
      code += "class " + name +
              "(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.dim = 2\n"
              "    def forward(self, x):\n        return " +
              forward + "\ntorch.jit.script(" + name + "()).save('" + name + ".pt')\n";
    write_text(folder_ / "make.py", code);
    const bool made = run_command({SCOREFIELD_TORCH_PYTHON, "make.py"}, folder_.path()).exit_code == 0;
    std::filesystem::remove(folder_ / "make.py");
    return made;
  }
};

TEST_F(Sample, JsonHasTheContractsKeysAndTheFileItsContent) {
  const auto result = succeed({"sample", "gaussian", "--particles", "300", "--threads", "1", "--seed", "4", "--output",
                               "s.h5", "--json", "--set", "sample.frames=5"});
  const auto facts = nlohmann::json::parse(result.out);
  EXPECT_EQ(facts["command"], "sample");
  EXPECT_EQ(facts["method"], "mpm");
  EXPECT_THAT(facts["chosen_because"].get<std::string>(), HasSubstr("d = 2"));
  EXPECT_EQ(facts["particles"], 300);
  EXPECT_EQ(facts["dimension"], 2);
  const auto iterations = facts["iterations"].get<std::int64_t>();
  EXPECT_GT(iterations, 20);
  // The rest is spent on looking for modes beforehand.
  EXPECT_GE(facts["score_evaluations"], 300 * iterations);
  EXPECT_LE(facts["score_evaluations"], 300 * iterations + 1000);
  EXPECT_TRUE(facts["converged"].is_boolean());
  EXPECT_GT(facts["seconds"].get<double>(), 0);
  EXPECT_EQ(facts["trusted"], true);
  for (const char* check : {"finite", "at_rest", "stein_slices", "stein_moments", "kernel_discrepancy", "lost_modes"})
    EXPECT_EQ(facts["checks"][check]["passed"], true) << check;
  for (const char* key : {"mean_error", "covariance_error", "gaussian_kl", "mmd", "mmd_floor", "energy_distance",
                          "kl_knn", "kl_knn_floor", "ksd"})
    EXPECT_TRUE(facts["diagnostics"][key].is_number()) << key;
  EXPECT_LT(facts["diagnostics"]["gaussian_kl"].get<double>(), 0.01);
  EXPECT_FALSE(facts["diagnostics"].contains("weight_ess")) << "the cloud has no weights";
  EXPECT_FALSE(facts["diagnostics"].contains("compared_particles")) << "all were compared";

  EXPECT_EQ(dims("s.h5", "/samples"), (std::vector<std::int64_t>{300, 2}));
  EXPECT_EQ(dims("s.h5", "/log_prob"), std::vector<std::int64_t>{300});
  EXPECT_EQ(dims("s.h5", "/trace/free_energy"), std::vector<std::int64_t>{iterations});
  EXPECT_EQ(dims("s.h5", "/frames/positions"), (std::vector<std::int64_t>{5, 300, 2}));
  const auto file = h5::File::open(folder_ / "s.h5");
  const auto kept = file.read<std::int64_t>("/frames/iterations");
  EXPECT_EQ(kept.front(), 0);
  EXPECT_EQ(kept.back(), iterations);
  const auto frames = file.read<double>("/frames/positions"), samples = file.read<double>("/samples");
  EXPECT_EQ(std::vector<double>(frames.end() - 600, frames.end()), samples);
  EXPECT_EQ(file.string_attribute("/", "format"), "scorefield/samples");
  EXPECT_EQ(file.string_attribute("/", "target"), "gaussian");
  EXPECT_EQ(file.integer_attribute("/", "seed"), 4);
  EXPECT_THAT(file.string_attribute("/", "config"), HasSubstr("frames = 5"));
  // On the grid log p is that of the correlated Gaussian (.8), up to a constant.
  const auto a = file.read<double>("/density/axis0"), b = file.read<double>("/density/axis1"),
             log_p = file.read<double>("/density/log_prob");
  const auto exact = [](double x, double y) { return -(x * x - 1.6 * x * y + y * y) / 0.72; };
  EXPECT_NEAR(log_p[7] - log_p[b.size() * 20 + 3], exact(a[0], b[7]) - exact(a[20], b[3]), 1e-9);
}

class StoppedSample : public Sample {
 protected:
  static std::vector<std::string> command(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"sample",      "banana",
                                 "--output",    output,
                                 "--particles", "3000",
                                 "--steps",     "400",
                                 "--threads",   "1",
                                 "--set",       "sample.stop=false",
                                 "--set",       "sample.frames=4",
                                 "--set",       "sample.diagnostics=false",
                                 "--set",       "sample.checkpoint_interval=0.02"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Runs until the first iterations are made and part.h5.checkpoint is there, then sends the signal.
  CommandResult stop(int signal) const {
    auto arguments = command("part.h5");
    arguments.insert(arguments.begin(), SCOREFIELD_BINARY);
    RunningCommand running(arguments, folder_.path());
    EXPECT_TRUE(running.wait_for_error_text("/400"));
    for (int k = 0; k < 2000 && !std::filesystem::exists(folder_ / "part.h5.checkpoint"); ++k)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    running.send(signal);
    return running.wait();
  }
  void expect_the_whole_run() const {
    succeed(command("whole.h5"));
    EXPECT_EQ(folder_.listing(), (std::vector<std::string>{"part.h5", "whole.h5"}));
    for (const char* name :
         {"/samples", "/log_prob", "/trace/free_energy", "/trace/score_evaluations", "/frames/positions"})
      EXPECT_EQ(column("part.h5", name), column("whole.h5", name)) << name;
  }
};

TEST_F(StoppedSample, InterruptedAndResumedRunsAreTheUninterruptedOneBitForBit) {
  const auto stopped = stop(SIGINT);
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("interrupted after iteration "));
  EXPECT_THAT(stopped.err, HasSubstr("--resume (part.h5.checkpoint)"));
  EXPECT_EQ(folder_.listing(), std::vector<std::string>{"part.h5.checkpoint"});

  fail(1, command("part.h5", {"--resume", "--seed", "9", "--quiet"}), {"part.h5.checkpoint", "other options"});
  succeed(command("part.h5", {"--resume"}));
  expect_the_whole_run();
}

TEST_F(StoppedSample, KilledRunsGoOnFromTheirLastCheckpoint) {
  ASSERT_EQ(stop(SIGKILL).exit_code, 128 + SIGKILL);
  EXPECT_THAT(folder_.listing(), ::testing::Contains("part.h5.checkpoint"));
  succeed(command("part.h5", {"--resume"}));
  expect_the_whole_run();
}

TEST_F(StoppedSample, ResultIsOnDiskBeforeTheCheckpointGoes) {
  // The limit on file sizes stands for a disk that is full when the result is to be written.
  auto rest = command("part.h5", {"--resume", "--quiet"});
  rest[rest.size() - 3] = "sample.checkpoint_interval=0";
  auto first = rest;
  first.erase(first.end() - 2, first.end());
  first.insert(first.begin(), SCOREFIELD_BINARY);
  RunningCommand running(first, folder_.path());
  ASSERT_TRUE(running.wait_for_error_text("/400"));
  running.send(SIGINT);
  ASSERT_EQ(running.wait().exit_code, 130);

  std::vector<std::string> limited{"/bin/sh", "-c", "ulimit -f 16; exec \"$0\" \"$@\"", SCOREFIELD_BINARY};
  limited.insert(limited.end(), rest.begin(), rest.end());
  const auto full = run_command(limited, folder_.path());
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("part.h5"));
  EXPECT_EQ(folder_.listing(), std::vector<std::string>{"part.h5.checkpoint"});
  succeed(rest);
  EXPECT_EQ(folder_.listing(), std::vector<std::string>{"part.h5"});
}

TEST_F(StoppedSample, DamagedCheckpointsAreNamed) {
  ASSERT_EQ(stop(SIGINT).exit_code, 130);
  set_first_value_nan(folder_ / "part.h5.checkpoint", "/state/matter/position");
  fail(1, command("part.h5", {"--resume", "--quiet"}),
       {"part.h5.checkpoint", "'state/matter/position'", "not finite", "remove it to start again"});
  truncate_file(folder_ / "part.h5.checkpoint");
  fail(1, command("part.h5", {"--resume", "--quiet"}), {"part.h5.checkpoint"});
}

/// A sampler's start from a weighted cloud is what the cloud stands for: here all of the weight is at x > 2.
TEST_F(Sample, WeightedStartsAreDrawnByWeight) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu = {{1}};
  header.mu_names = {"mu"};
  header.time = {0};
  header.particles = 200;
  header.coordinates = {"x", "y"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.identity = data::Identity::marginals;
  header.has_weights = true;
  std::vector<float> samples, weights;
  for (int n = 0; n < 200; ++n) {
    samples.insert(samples.end(), {0.02F * static_cast<float>(n), 1});
    weights.push_back(n > 100 ? 1 + 3 * static_cast<float>(n % 2) : 0);
  }
  data::DatasetWriter writer(folder_ / "start.h5", header);
  writer.write_frame(0, 0, std::span<const float>(samples), {}, weights);
  writer.commit();
  succeed({"sample", "gaussian", "--method", "svgd", "--steps", "1", "--initial", "start.h5", "--output", "end.h5",
           "--quiet", "--set", "svgd.step=1e-9"});
  const auto end = column("end.h5", "/samples");
  ASSERT_EQ(end.size(), 400u);
  for (std::size_t n = 0; n < end.size() / 2; ++n) EXPECT_GT(end[2 * n], 1.99);
}

TEST_F(Sample, SeedsRepeatForAnyNumberOfThreads) {
  for (const std::string target : {"three-modes", "gaussian-10"}) {
    for (const std::string threads : {"1", "2"})
      succeed({"sample", target, "--particles", "200", "--steps", "20", "--threads", threads, "--output",
               threads + ".h5", "--quiet", "--set", "sample.diagnostics=false"});
    EXPECT_EQ(column("1.h5", "/samples"), column("2.h5", "/samples")) << target;
  }
}

TEST_F(Sample, DiagnosticsOfManyParticlesSayHowManyTheyCompare) {
  const auto result = succeed(
      {"sample", "gaussian", "--particles", "5000", "--steps", "30", "--threads", "1", "--output", "s.h5", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["diagnostics"]["compared_particles"], 4000);
}

TEST_F(Sample, BadInputIsNamed) {
  fail(2, {"sample", "gaussain", "--output", "s.h5"}, {"gaussain", "gaussian"});
  fail(2, {"sample", "gaussian", "--method", "mmp", "--output", "s.h5"}, {"'mmp'", "mpm"});
  fail(2, {"sample", "gaussian"}, {"--output"});
  fail(2, {"sample", "gaussian", "--particles", "0", "--output", "s.h5"}, {"particles"});
  fail(2, {"sample", "gaussian", "--output", "s.h5", "--quiet", "--set", "sample.frames=-1"}, {"sample.frames"});
  for (const auto& [method, setting] : std::vector<std::pair<std::string, std::string>>{
           {"gas", "gas.thinning=-1"}, {"gas", "gas.ess=1"}, {"smc", "smc.final_sweeps=0"}})
    fail(2, {"sample", "gaussian", "--method", method, "--output", "s.h5", "--quiet", "--set", setting},
         {setting.substr(0, setting.find('=')), "expected"});
  fail(1, {"sample", "gaussian", "--output", "absent/s.h5"}, {"absent"});
  fail(1, {"sample", "absent.pt", "--output", "s.h5"}, {"absent.pt", "no such file"});
  succeed({"sample", "gaussian-10", "--particles", "50", "--steps", "2", "--method", "ula", "--output", "ten.h5",
           "--quiet"});
  fail(2, {"sample", "gaussian", "--initial", "ten.h5", "--output", "s.h5", "--quiet"},
       {"ten.h5", "10 coordinates", "2"});
}

TEST_F(Sample, TorchScriptTargetsAreSampledAndNanIsNamed) {
  if (!scripts(
          {{"fine", "-(x * x).sum(1) / 2"}, {"bad", "torch.log(-1.0 - (x * x).sum(1))"}, {"wrong", "-(x * x) / 2"}}))
    GTEST_SKIP() << "no Python with torch";
  const auto result =
      succeed({"sample", "fine.pt", "--particles", "300", "--threads", "1", "--output", "s.h5", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["dimension"], 2);
  double square = 0;
  for (const double x : column("s.h5", "/samples")) square += x * x / 600;
  EXPECT_NEAR(square, 1, 0.06);
  fail(1, {"sample", "bad.pt", "--particles", "50", "--output", "b.h5", "--quiet"}, {"not finite"});
  fail(1, {"sample", "wrong.pt", "--output", "b.h5", "--quiet"}, {"wrong.pt", "expected [N]"});
}

TEST_F(Sample, ModulesThatAreNoDensityOfEachRowAreRefused) {
  if (!scripts({{"coupled", "-0.5 * ((x - x.mean(0)) ** 2).sum(1)"},
                {"constant", "-0.5 * (x.detach() ** 2).sum(1)"},
                {"partly", "-0.5 * (x.detach() ** 2).sum(1) - 0.0 * x.sum(1)"}}))
    GTEST_SKIP() << "no Python with torch";
  const auto refused = [&](const std::string& name, int code, const std::string& message) {
    fail(code, {"sample", name, "--particles", "50", "--output", "b.h5", "--quiet"}, {message});
  };
  refused("coupled.pt", 1, "couples the rows of a batch");
  refused("constant.pt", 2, "gives no gradient");
  refused("partly.pt", 1, "not the gradient of forward(x)");
}

TEST_F(Sample, WhatIsNotTrustedIsSaidEverywhereAndFailsIfStrict) {
  std::vector<std::string> command{"sample",   "funnel", "--particles", "400",       "--seed", "1",
                                   "--output", "f.h5",   "--json",      "--threads", "1"};
  command.insert(command.end(), {"--set", "gas.straighten=false"});
  const auto loose = succeed(command);
  EXPECT_THAT(loose.err, HasSubstr("DO NOT TRUST THIS CLOUD (stein_slices"));
  const auto facts = nlohmann::json::parse(loose.out);
  EXPECT_EQ(facts["trusted"], false);
  EXPECT_EQ(facts["checks"]["stein_slices"]["passed"], false);
  const auto file = h5::File::open(folder_ / "f.h5");
  EXPECT_EQ(file.integer_attribute("/", "trusted"), 0);
  EXPECT_THAT(file.strings_attribute("/", "failed_checks"), ::testing::Contains("stein_slices"));
  EXPECT_EQ(dims("f.h5", "/checks/stein_slices"), std::vector<std::int64_t>{2});
  std::erase(command, "--json");
  command.push_back("--strict");
  const auto strict = run(command);
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_THAT(strict.err, HasSubstr("do not trust it"));
  EXPECT_EQ(strict.out, "");
}

TEST_F(Sample, AutoLeavesTheGridWhereItsCloudIsWrong) {
  if (!scripts(
          {{"far", "-((x - 50.0) ** 2).sum(1) / 2"},
           {"cut", "torch.where(x.min(1)[0] > -1.0, -(x * x).sum(1) / 2, torch.full_like(x[:, 0], -float('inf')))"}}))
    GTEST_SKIP() << "no Python with torch";
  for (const std::string name : {"far", "cut"}) {
    const auto result = succeed({"sample", name + ".pt", "--particles", "500", "--output", "s.h5", "--json"});
    const auto facts = nlohmann::json::parse(result.out);
    EXPECT_EQ(facts["trusted"], true) << name << result.out;
    if (name == "cut") {  // the other one's start is moved to its mode, where the grid is right
      EXPECT_EQ(facts["method"], "gas");
      EXPECT_THAT(facts["chosen_because"].get<std::string>(), HasSubstr("on the grid"));
    }
    double mean = 0;
    for (const double x : column("s.h5", "/samples")) mean += x / 1000;
    EXPECT_NEAR(mean, name == "far" ? 50 : 0.2876, 0.1) << name;
  }
}

TEST_F(Sample, ReplicasAreIndependentRunsThatAgree) {
  const auto result = succeed(
      {"sample", "two-far-modes", "--particles", "1000", "--output", "s.h5", "--json", "--set", "sample.replicas=2"});
  const auto facts = nlohmann::json::parse(result.out);
  EXPECT_EQ(facts["trusted"], true) << result.out;
  EXPECT_LT(facts["checks"]["split_r_hat"]["value"].get<double>(), 1.05);
  EXPECT_TRUE(facts["checks"].contains("replica_shares"));
  EXPECT_EQ(dims("s.h5", "/replica"), std::vector<std::int64_t>{1000});
  EXPECT_NEAR(facts["log_evidence"].get<double>(), 0, 0.05) << "the target is normalised";
}

/// Gamma(3, 1) in x, whose mean is 3 and which has no density below 0.
TEST_F(Sample, ParticlesOutsideOfTheSupportAreReported) {
  if (!scripts({{"gamma", "(2 * torch.log(x) - x).sum(1)"}})) GTEST_SKIP() << "no Python with torch";
  const std::vector<std::string> command{"sample",   "gamma.pt", "--particles", "200",       "--steps", "200",
                                         "--output", "s.h5",     "--json",      "--threads", "1",       "--method"};
  auto by = [&](const std::string& method) {
    auto all = command;
    all.push_back(method);
    return succeed(all);
  };
  const auto outside = by("svgd");
  EXPECT_THAT(outside.err, HasSubstr("outside of the target's support"));
  EXPECT_EQ(nlohmann::json::parse(outside.out)["warnings"].size(), 1u);
  for (const std::string method : {"mala", "gas"}) {
    const auto inside = by(method);
    EXPECT_THAT(inside.err, ::testing::Not(HasSubstr("outside of the target's support"))) << method;
    double mean = 0;
    for (const double x : column("s.h5", "/samples")) {
      EXPECT_GT(x, 0);
      mean += x / 400;
    }
    EXPECT_NEAR(mean, 3, 0.35) << method;
  }
}

TEST_F(Sample, SampleSetsAreStartedInTheirOwnUnits) {
  const double unit = 1e-6, offset = 3e-5;  // metres
  std::vector<double> points;
  const Philox random(3, 1);
  for (std::uint64_t i = 0; i < 400; ++i) points.push_back(offset + unit * random.normals(i)[0]);
  data::write_samples(folder_ / "set.h5", {.provenance = {},
                                           .method = "draws",
                                           .target = "normal",
                                           .notes = {},
                                           .arrays = {{"samples", {{400, 1}, points}}}});
  succeed({"sample", "set.h5", "--method", "ift", "--particles", "100", "--output", "s.h5", "--quiet"});
  const auto x = column("s.h5", "/samples"), w = column("s.h5", "/weights");
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mean += w[i] * x[i];
  for (std::size_t i = 0; i < x.size(); ++i) square += w[i] * (x[i] - mean) * (x[i] - mean);
  EXPECT_NEAR((mean - offset) / unit, 0, 0.3);
  EXPECT_NEAR(std::sqrt(square) / unit, 1, 0.3);
}

TEST_F(Sample, ScoreNetworksAreTargetsAndPeriodicCoordinatesStayInTheirBox) {
  succeed(tiny_generate("data.h5"));
  auto train = tiny_train("data.h5", "model.h5", "3");
  train.insert(train.end(), {"--set", "loss.name=dsm", "--quiet"});
  succeed(train);
  const auto result = succeed({"sample", "model.h5", "--particles", "300", "--steps", "10", "--threads", "1",
                               "--output", "s.h5", "--json", "--set", "target.mu=1.3", "--set", "target.time=10"});
  const auto facts = nlohmann::json::parse(result.out);
  EXPECT_EQ(facts["method"], "mpm");
  EXPECT_EQ(dims("s.h5", "/samples"), (std::vector<std::int64_t>{300, 2}));
  const double period = h5::File::open(folder_ / "data.h5").numbers_attribute("/samples", "periods")[0];
  const auto x = column("s.h5", "/samples");
  for (std::size_t i = 0; i < x.size(); i += 2) {
    EXPECT_GE(x[i], 0);
    EXPECT_LT(x[i], period);
  }
  // mu = 0 is a value like others: the time is obeyed there, too.
  const auto at_time = [&](const char* time) {
    succeed({"sample", "model.h5", "--particles", "50", "--steps", "3", "--threads", "1", "--output", "t.h5", "--quiet",
             "--set", "target.mu=0", "--set", time});
    return column("t.h5", "/samples");
  };
  EXPECT_NE(at_time("target.time=0"), at_time("target.time=10"));
  fail(2, {"sample", "model.h5", "--set", "target.time=1,2", "--output", "g.h5"}, {"target.time", "2 numbers"});
  // A learned score has no log p: what needs one refuses and says so.
  fail(2, {"sample", "model.h5", "--method", "gas", "--output", "g.h5"}, {"log"});
  // An action-matching model is no score.
  succeed(tiny_train("data.h5", "drift.h5", "1"));
  fail(2, {"sample", "drift.h5", "--output", "g.h5"}, {"drift.h5", "not a score", "dsm"});
}

}  // namespace
}  // namespace scorefield::test
