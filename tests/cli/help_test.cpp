// Help texts, lists, and what the command line does with words that it does not know.

#include <nlohmann/json.hpp>

#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;

using Help = Cli;

TEST_F(Help, OverviewNamesEveryCommandThatExistsAndNoOther) {
  const auto result = succeed({"--help"});
  for (const char* command : {"generate", "train", "infer", "evaluate", "inspect", "list", "sample", "benchmark",
                              "compare", "calibrate", "import"})
    EXPECT_THAT(result.out, HasSubstr(std::string("\n  ") + command + " "));
  EXPECT_EQ(result.err, "");
}

TEST_F(Help, WithoutACommandTheOverviewGoesToStderrAndTheCodeIsTwo) {
  const auto result = run({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("Usage: scorefield COMMAND"));
}

TEST_F(Help, VersionIsOneLine) {
  EXPECT_THAT(succeed({"--version"}).out, ::testing::MatchesRegex("scorefield [0-9.]+\n"));
}

TEST_F(Help, EveryCommandShowsUsageFlagsAndTwoExamples) {
  for (const std::string command :
       {"generate", "train", "infer", "evaluate", "inspect", "import", "list", "compare", "calibrate"}) {
    SCOPED_TRACE(command);
    const std::string text = succeed({command, "--help"}).out;
    EXPECT_THAT(text, HasSubstr("Usage: scorefield " + command + " "));
    for (const char* flag : {"--seed", "--device", "--threads", "--config", "--set", "--quiet", "--json", "--help"})
      EXPECT_THAT(text, HasSubstr(flag));
    const auto examples = text.find("Examples:");
    ASSERT_NE(examples, std::string::npos);
    const std::string first = "  scorefield " + command + " ";
    const auto one = text.find(first, examples);
    EXPECT_NE(one, std::string::npos);
    EXPECT_NE(text.find(first, one + 1), std::string::npos) << "two examples";
  }
}

TEST_F(Help, KeysOfTheContractAreShownWithDefaultsAndChoices) {
  const std::string generate = succeed({"generate", "two-stream", "--help"}).out;
  for (const char* key : {"pic.cells = ", "pic.dt = ", "pic.simulated_particles = ", "pic.shape = ", "(cic | tsc)",
                          "(quiet | random)", "perturbation.mode = ", "perturbation.amplitude = "})
    EXPECT_THAT(generate, HasSubstr(key));
  const std::string train = succeed({"train", "--help"}).out;
  for (const char* key :
       {"training.steps = ", "training.checkpoint_every = ", "training.learning_rate = ", "training.engine = ",
        "batch.mu = ", "batch.nodes = ", "batch.particles = ", "quadrature.rule = ", "quadrature.nodes = ",
        "loss.name = ", "loss.sigma = ", "model.width = ", "model.depth = ", "model.rank = ", "model.modulation = "})
    EXPECT_THAT(train, HasSubstr(key));
  const std::string infer = succeed({"infer", "--help"}).out;
  for (const char* key : {"infer.method = ", "infer.steps = "}) EXPECT_THAT(infer, HasSubstr(key));
}

TEST_F(Help, ListsWhatThereIs) {
  EXPECT_THAT(succeed({"list", "problems"}).out, HasSubstr("two-stream"));
  const auto problems = nlohmann::json::parse(succeed({"list", "problems", "--json"}).out);
  EXPECT_EQ(problems.at(0).at("name"), "two-stream");
  std::vector<std::string> names;
  for (const auto& problem : problems) names.push_back(problem.at("name"));
  EXPECT_THAT(names, ::testing::IsSupersetOf({"oscillator", "bistable", "trap", "chaos-9d", "sde"}));
  const auto presets = nlohmann::json::parse(succeed({"list", "presets", "--json"}).out);
  names.clear();
  for (const auto& preset : presets) names.push_back(preset.at("name"));
  EXPECT_THAT(names, ::testing::IsSupersetOf({"demo", "two-stream", "two-stream-quadrature"}));
  EXPECT_THAT(succeed({"list", "methods"}).out, HasSubstr("heun"));
  const auto targets = nlohmann::json::parse(succeed({"list", "targets", "--json"}).out);
  names.clear();
  for (const auto& target : targets) names.push_back(target.at("name"));
  EXPECT_THAT(names, ::testing::IsSupersetOf({"gaussian", "banana", "ten-modes", "funnel", "logistic"}));
  const auto metrics = nlohmann::json::parse(succeed({"list", "metrics", "--json"}).out);
  EXPECT_EQ(metrics.at(0).at("key"), "electric_energy_error");
  EXPECT_EQ(metrics.at(0).at("baselines").at("floor"), "electric_energy_floor");
  EXPECT_THAT(succeed({"list", "metrics"}).out, HasSubstr("sliced_w2: "));
  fail(2, {"list", "problem"}, {"'problem'", "did you mean 'problems'?"});
}

TEST_F(Help, UnknownWordsNameTheNearestKnownOne) {
  const auto command = run({"trian"});
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(command.err, HasSubstr("did you mean 'train'?"));
  fail(2, {"train", "d.h5", "--ouptut", "m.h5"}, {"'--ouptut'", "did you mean '--output'?"});
  fail(2, {"generate", "two-steam", "--output", "d.h5"}, {"'two-steam'", "did you mean 'two-stream'?"});
  fail(2, {"generate", "two-stream", "--output", "d.h5", "--set", "pic.cels=64"}, {"did you mean 'pic.cells'?"});
  fail(2, {"train", "d.h5", "--output", "m.h5", "--preset", "two-strem"}, {"did you mean 'two-stream'?"});
}

}  // namespace
}  // namespace scorefield::test
