// The main job in miniature through the real binary: generate, inspect, train, resume, infer, evaluate.

#include <signal.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "data/dataset.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Chain : public Cli {
 protected:
  static std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  static std::vector<float> all_samples(const std::string& path) {
    const data::DatasetReader reader(path);
    const auto& header = reader.header();
    std::vector<float> all, frame(static_cast<std::size_t>(header.frame_size()));
    for (std::int64_t m = 0; m < header.mu_count(); ++m)
      for (std::int64_t k = 0; k < header.frames(); ++k) {
        reader.read_samples(m, k, frame);
        all.insert(all.end(), frame.begin(), frame.end());
      }
    return all;
  }
};

TEST_F(Chain, GenerateStoresWhatWasAskedForAndItsConfiguration) {
  const auto result = json::parse(succeed(with(tiny_generate("data.h5", "7"), {"--json"})).out);
  EXPECT_EQ(result.at("mu"), (json{1.2, 1.4}));
  EXPECT_EQ(result.at("output"), "data.h5");
  const data::DatasetReader reader(folder_ / "data.h5");
  const auto& header = reader.header();
  EXPECT_EQ(header.mu, (std::vector<std::vector<double>>{{1.2}, {1.4}}));
  EXPECT_EQ(header.particles, 200);
  EXPECT_EQ(header.frames(), 5);
  EXPECT_EQ(header.provenance.seed, 7);
  for (const char* line : {"command = \"generate\"", "problem = \"two-stream\"", "seed = 7", "[pic]", "cells = 32"})
    EXPECT_THAT(header.provenance.config, HasSubstr(line));
  EXPECT_EQ(folder_.listing(), std::vector<std::string>{"data.h5"});
}

TEST_F(Chain, TheStoredConfigurationReproducesTheFile) {
  succeed(tiny_generate("first.h5", "7"));
  write_text(folder_ / "stored.toml", data::DatasetReader(folder_ / "first.h5").header().provenance.config);
  succeed({"generate", "two-stream", "--config", "stored.toml", "--output", "second.h5"});
  EXPECT_EQ(all_samples(folder_ / "first.h5"), all_samples(folder_ / "second.h5"));
}

TEST_F(Chain, SameSeedSameSamplesForAnyThreadCountOtherSeedOthers) {
  succeed(tiny_generate("one.h5", "3"));
  succeed(with(tiny_generate("two.h5", "3"), {"--threads", "2"}));
  succeed(tiny_generate("other.h5", "4"));
  EXPECT_EQ(all_samples(folder_ / "one.h5"), all_samples(folder_ / "two.h5"));
  EXPECT_NE(all_samples(folder_ / "one.h5"), all_samples(folder_ / "other.h5"));
}

TEST_F(Chain, FlagsWinOverSetWinsOverConfigWinsOverPreset) {
  write_text(folder_ / "options.toml", "[pic]\ncells = 16\ndt = 0.2\n[generate]\nparticles = 50\n");
  succeed({"generate", "two-stream", "--output", "data.h5", "--mu", "1.2", "--frames", "3", "--config", "options.toml",
           "--set", "pic.simulated_particles=1000", "--set", "generate.particles=60", "--set", "pic.cells=32",
           "--particles", "70"});
  const auto header = data::DatasetReader(folder_ / "data.h5").header();
  EXPECT_EQ(header.particles, 70);
  EXPECT_THAT(header.provenance.config, HasSubstr("cells = 32"));
  EXPECT_THAT(header.provenance.config, HasSubstr("dt = 0.2"));
}

TEST_F(Chain, QuietIsSilentAndProgressGoesToStderrInPlainLines) {
  EXPECT_EQ(succeed(with(tiny_generate("a.h5"), {"--quiet"})).err, "");
  const auto result = succeed(tiny_generate("b.h5"));
  EXPECT_THAT(result.err, HasSubstr("100%"));
  EXPECT_THAT(result.err, Not(HasSubstr("\033")));
  EXPECT_THAT(result.out, HasSubstr("b.h5"));
}

TEST_F(Chain, FromDataToErrors) {
  succeed(tiny_generate("train.h5", "0"));
  succeed(tiny_generate("test.h5", "1"));
  EXPECT_THAT(succeed({"inspect", "train.h5"}).out, HasSubstr("two-stream"));
  const auto described = json::parse(succeed({"inspect", "train.h5", "--json"}).out);
  EXPECT_EQ(described.at("format"), "scorefield/dataset");

  const auto trained = json::parse(succeed(with(tiny_train("train.h5", "model.h5", "4"), {"--json"})).out);
  EXPECT_EQ(trained.at("steps"), 4);
  EXPECT_GT(trained.at("parameters"), 0);
  EXPECT_TRUE(trained.at("final_loss").is_number());
  EXPECT_EQ(json::parse(succeed({"inspect", "model.h5", "--json"}).out).at("format"), "scorefield/model");

  const auto inferred =
      json::parse(succeed({"infer", "model.h5", "--mu", "1.2,1.3", "--output", "rollout.h5", "--json"}).out);
  EXPECT_EQ(inferred.at("warnings"), json::array());
  const auto rollout = data::DatasetReader(folder_ / "rollout.h5").header();
  EXPECT_EQ(rollout.provenance.format, "scorefield/rollout");
  EXPECT_EQ(rollout.mu, (std::vector<std::vector<double>>{{1.2}, {1.3}}));
  EXPECT_EQ(rollout.time, data::DatasetReader(folder_ / "train.h5").header().time);

  succeed({"infer", "model.h5", "--mu", "1.2,1.4", "--output", "known.h5", "--quiet"});
  const auto report =
      json::parse(succeed({"evaluate", "known.h5", "--reference", "test.h5", "--training", "train.h5", "--json"}).out);
  ASSERT_EQ(report.at("per_mu").size(), 2u);
  for (const auto& row : report.at("per_mu"))
    for (const char* key :
         {"mu", "electric_energy_error", "electric_energy_floor", "electric_energy_nearest",
          "electric_energy_interpolated", "sinkhorn", "sinkhorn_floor", "sliced_w2", "sliced_w2_floor"})
      EXPECT_TRUE(row.contains(key)) << key << " is missing in " << row;
  EXPECT_TRUE(report.at("mean").contains("electric_energy_error"));
  EXPECT_THAT(succeed({"evaluate", "known.h5", "--reference", "test.h5"}).out, HasSubstr("1.2"));
}

/// The amplitude of the density wave is the parameter: a rollout must start with that of its own mu.
TEST_F(Chain, RolloutsStartFromTheirOwnPopulation) {
  const std::vector<std::string> generate{
      "generate", "landau",       "--mu",  "0.1,0.5",   "--particles",
      "1000",     "--frames",     "3",     "--set",     "pic.simulated_particles=4000",
      "--set",    "pic.cells=32", "--set", "pic.dt=0.2"};
  succeed(with(generate, {"--output", "train.h5"}));
  succeed(tiny_train("train.h5", "model.h5", "2"));
  const auto wave = [&](const std::vector<std::string>& more) {
    succeed(with({"infer", "model.h5", "--frames", "2", "--output", "rollout.h5"}, more));
    const data::DatasetReader rollout(folder_ / "rollout.h5");
    std::vector<float> samples(static_cast<std::size_t>(rollout.header().frame_size()));
    rollout.read_samples(0, 0, samples);
    double sum = 0;
    for (std::size_t i = 0; i < samples.size(); i += 2) sum += std::cos(0.5 * samples[i]);
    return 4 * sum / static_cast<double>(samples.size());  // twice the mean of cos k x
  };
  EXPECT_NEAR(wave({"--mu", "0.4"}), 0.4, 0.02);
  EXPECT_NEAR(wave({"--mu", "0.4", "--particles", "3000"}), 0.4, 0.02) << "more than the model keeps";
  EXPECT_NEAR(wave({"--mu", "0.4", "--set", "infer.start=nearest"}), 0.5, 0.02);
  EXPECT_NEAR(wave({"--mu", "0.5"}), 0.5, 0.02);
  EXPECT_EQ(folder_.listing(), (std::vector<std::string>{"model.h5", "rollout.h5", "train.h5"}))
      << "nothing else is left";
  fail(2,
       {"infer", "model.h5", "--mu", "0.4", "--particles", "3000", "--set", "infer.start=nearest", "--output",
        "none.h5"},
       {"3000", "1000", "--initial"});
}

TEST_F(Chain, SameSeedSameModelOtherSeedAnother) {
  succeed(tiny_generate("train.h5"));
  for (const std::string seed : {"1", "1b", "2"}) {
    succeed(with(tiny_train("train.h5", seed + ".h5", "5"), {"--seed", seed.substr(0, 1)}));
    succeed({"infer", seed + ".h5", "--mu", "1.3", "--output", seed + "-rollout.h5"});
  }
  EXPECT_EQ(all_samples(folder_ / "1-rollout.h5"), all_samples(folder_ / "1b-rollout.h5"));
  EXPECT_NE(all_samples(folder_ / "1-rollout.h5"), all_samples(folder_ / "2-rollout.h5"));
}

TEST_F(Chain, ResumeTakesTheStoredOptionsAndRefusesOthers) {
  succeed(tiny_generate("train.h5"));
  succeed(tiny_train("train.h5", "model.h5", "4"));
  const std::vector<std::string> resume{"train", "train.h5", "--output", "model.h5", "--resume", "--threads", "1"};
  fail(2, with(resume, {"--set", "model.width=16"}), {"model.width = 8", "not 16"});
  fail(2, with(resume, {"--seed", "5"}), {"seed = 0", "not 5"});
  fail(2, with(resume, {"--preset", "demo"}), {"--preset"});
  fail(1, {"train", "train.h5", "--output", "absent.h5", "--resume"}, {"absent.h5"});
  const auto resumed = json::parse(succeed(with(resume, {"--steps", "7", "--set", "model.width=8", "--json"})).out);
  EXPECT_EQ(resumed.at("steps"), 7);
}

TEST_F(Chain, TimeLimitStopsAndTheModelCanBeResumed) {
  succeed(tiny_generate("train.h5"));
  const auto limited =
      json::parse(succeed(with(tiny_train("train.h5", "model.h5", "1000000"), {"--time-limit", "0.5s", "--json"})).out);
  EXPECT_EQ(limited.at("time_limit_reached"), true);
  EXPECT_LT(limited.at("steps"), 1000000);
  const auto resumed = json::parse(succeed({"train", "train.h5", "--output", "model.h5", "--resume", "--threads", "1",
                                            "--time-limit", "0.5s", "--json"})
                                       .out);
  EXPECT_GT(resumed.at("steps"), limited.at("steps"));
}

TEST_F(Chain, TrainingInterruptedByControlCAndResumedEqualsAnUninterruptedOne) {
  succeed(tiny_generate("train.h5"));
  const auto train = [this](const std::string& output) {
    return with(tiny_train("train.h5", output, "600"), {"--set", "training.log_every=10"});
  };
  auto arguments = train("model.h5");
  arguments.insert(arguments.begin(), SCOREFIELD_BINARY);
  RunningCommand training(arguments, folder_.path());
  ASSERT_TRUE(training.wait_for_error_text("/600")) << training.wait().err;
  training.send(SIGINT);
  const auto stopped = training.wait();
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("scorefield train: interrupted after step "));
  EXPECT_EQ(folder_.listing(), (std::vector<std::string>{"model.h5", "train.h5"}));

  succeed({"train", "train.h5", "--output", "model.h5", "--resume", "--threads", "1", "--quiet"});
  succeed(with(train("whole.h5"), {"--quiet"}));
  for (const std::string model : {"model", "whole"})
    succeed({"infer", model + ".h5", "--mu", "1.3", "--output", model + "-rollout.h5"});
  EXPECT_EQ(all_samples(folder_ / "model-rollout.h5"), all_samples(folder_ / "whole-rollout.h5"));
}

TEST_F(Chain, SignalsDuringGenerateLeaveACheckpointAndNoOutput) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    RunningCommand generating({SCOREFIELD_BINARY, "generate", "two-stream", "--output", "data.h5", "--mu", "1.2,1.3",
                               "--set", "pic.simulated_particles=200000", "--set", "pic.duration=4000"},
                              folder_.path());
    ASSERT_TRUE(generating.wait_for_error_text("mu = 1.2")) << generating.wait().err;
    generating.send(signal);
    const auto result = generating.wait();
    EXPECT_EQ(result.exit_code, 130) << signal;
    EXPECT_THAT(result.err, HasSubstr("scorefield generate: interrupted"));
    EXPECT_THAT(result.err, HasSubstr("--resume"));
    EXPECT_EQ(folder_.listing(), std::vector<std::string>{"data.h5.checkpoint"});
    std::filesystem::remove(folder_ / "data.h5.checkpoint");
  }
}

/// The reader of a pipe that goes away takes nothing with it.
TEST_F(Chain, OutputIsWrittenThoughNobodyListens) {
  const auto result = run_command({"/bin/sh", "-c",
                                   std::string("{ ") + SCOREFIELD_BINARY +
                                       " generate two-stream --output data.h5 --mu 1.2 --particles 200"
                                       " --frames 5 --set pic.simulated_particles=2000; echo $? > code;"
                                       " } 2>&1 | true"},
                                  folder_.path());
  EXPECT_EQ(result.exit_code, 0);
  for (int i = 0; i < 600 && !std::filesystem::exists(folder_ / "code"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "data.h5"));
}

TEST_F(Chain, BenchmarksRunAndReportTheContractsKeys) {
  const auto result =
      succeed({"benchmark", "score-d4-w64", "rollout", "pic", "--seconds", "0", "--threads", "1", "--json"});
  const auto report = nlohmann::json::parse(result.out);
  EXPECT_EQ(report["machine"]["threads"], 1);
  ASSERT_EQ(report["cases"].size(), 3u);
  for (const auto& entry : report["cases"]) {
    for (const char* key : {"milliseconds", "reference_milliseconds", "speedup"})
      EXPECT_GT(entry[key].get<double>(), 0) << entry["case"] << " " << key;
    EXPECT_EQ(entry["threads"], 1);
    EXPECT_NE(entry["reference"], "");
    EXPECT_EQ(entry["dtype"], "float32");
  }
  EXPECT_GT(report["cases"][0]["bound_milliseconds"].get<double>(), 0);
  EXPECT_GT(report["cases"][2]["pushes_per_second"].get<double>(), 0);
  succeed({"benchmark", "device-step-d2-w64-groups", "device-pairs-d100", "--seconds", "0", "--json"});
  fail(2, {"benchmark", "score"}, {"'score' is not a known benchmark", "score-d4-w64"});
}

TEST_F(Chain, MuOutsideTheTrainingRangeIsAWarning) {
  succeed(tiny_generate("train.h5"));
  succeed(tiny_train("train.h5", "model.h5", "2"));
  const auto result = succeed({"infer", "model.h5", "--mu", "2.5", "--output", "rollout.h5", "--quiet"});
  EXPECT_THAT(result.err, ::testing::StartsWith("scorefield infer: warning: "));
  EXPECT_THAT(result.err, HasSubstr("extrapolat"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST_F(Chain, InferRefusesZeroParticlesAndMoreThanThereAre) {
  succeed(tiny_generate("train.h5"));
  succeed(tiny_train("train.h5", "model.h5", "2"));
  fail(2, {"infer", "model.h5", "--mu", "1.3", "--particles", "0", "--output", "rollout.h5"},
       {"--particles", "is 0", "from 1 on"});
  fail(2,
       {"infer", "model.h5", "--mu", "1.3", "--particles", "201", "--set", "infer.start=nearest", "--output",
        "rollout.h5"},
       {"201", "200"});
}

}  // namespace
}  // namespace scorefield::test
