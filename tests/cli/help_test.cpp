// Help texts, lists, and what the command line does with words that it does not know.

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;

using Help = Cli;

TEST_F(Help, OverviewNamesEveryCommandThatExistsAndNoOther) {
  const auto result = succeed({"--help"});
  for (const char* command : {"generate", "train", "infer", "evaluate", "inspect", "list", "sample", "benchmark",
                              "compare", "calibrate", "import", "export", "resample"})
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
  for (const std::string command : {"generate", "train", "infer", "evaluate", "inspect", "import", "export", "resample",
                                    "list", "compare", "calibrate"}) {
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

nlohmann::json option(const nlohmann::json& options, const std::string& key) {
  for (const auto& one : options)
    if (one.at("key") == key) return one;
  ADD_FAILURE() << key << " is not listed";
  return {};
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
  EXPECT_EQ(option(metrics, "electric_energy_error").at("baselines").at("floor"), "electric_energy_floor");
  EXPECT_EQ(option(metrics, "density_error").at("baselines").at("cubic"), "density_cubic");
  EXPECT_THAT(succeed({"list", "metrics"}).out, HasSubstr("sliced_w2: "));
  fail(2, {"list", "problem"}, {"'problem'", "did you mean 'problems'?"});
}

TEST_F(Help, OptionsAreListedWithTypeRangeAndCommands) {
  const auto options = nlohmann::json::parse(succeed({"list", "options", "--json"}).out);
  const auto sigma = option(options, "loss.sigma");
  EXPECT_EQ(sigma.at("type"), "number");
  EXPECT_EQ(sigma.at("default"), "0.0");
  EXPECT_EQ(sigma.at("expected"), "a number from 0 on");
  EXPECT_EQ(sigma.at("minimum"), 0);
  EXPECT_EQ(sigma.at("commands"), nlohmann::json({"train"}));
  EXPECT_FALSE(sigma.contains("maximum"));
  EXPECT_FALSE(sigma.contains("problems"));
  EXPECT_EQ(option(options, "training.validation_fraction").at("exclusiveMinimum"), 0);
  EXPECT_EQ(option(options, "training.validation_fraction").at("maximum"), 0.5);
  EXPECT_EQ(option(options, "vlasov.degree").at("enum"), nlohmann::json({3, 5, 7, 9}));
  EXPECT_EQ(option(options, "vlasov.velocity_cells").at("multipleOf"), 8);
  EXPECT_EQ(option(options, "pic.shape").at("choices"), nlohmann::json({"cic", "tsc"}));
  EXPECT_EQ(option(options, "pic.shape").at("problems"),
            nlohmann::json({"two-stream", "bump-on-tail", "landau", "two-stream-wave"}));
  EXPECT_EQ(option(options, "gas.ess").at("commands"), nlohmann::json({"sample"}));
}

/// Keys of a help text: the lines "  key = default".
std::vector<std::string> keys_of(const std::string& help) {
  std::vector<std::string> keys;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);)
    if (const auto equals = line.find(" = "); line.starts_with("  ") && line[2] != ' ' && equals != std::string::npos)
      if (const auto key = line.substr(2, equals - 2); key.find_first_of(" -") == std::string::npos)
        keys.push_back(key);
  return keys;
}

TEST_F(Help, ListOfOptionsAndHelpTextsHoldTheSameKeys) {
  std::map<std::string, std::vector<std::string>> listed;
  for (const auto& one : nlohmann::json::parse(succeed({"list", "options", "--json"}).out))
    for (const auto& command : one.at("commands")) {
      const auto problems = one.value("problems", std::vector<std::string>{"landau"});
      if (command == "generate" && std::find(problems.begin(), problems.end(), "landau") == problems.end()) continue;
      listed[command].push_back(one.at("key"));
    }
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{"generate", "landau"},
                                                                                       {"train"},
                                                                                       {"infer"},
                                                                                       {"evaluate"},
                                                                                       {"import"},
                                                                                       {"sample"},
                                                                                       {"calibrate"},
                                                                                       {"benchmark"}}) {
    auto words = command;
    words.emplace_back("--help");
    EXPECT_THAT(listed[command.front()], ::testing::UnorderedElementsAreArray(keys_of(succeed(words).out)))
        << command.front();
    listed.erase(command.front());
  }
  EXPECT_TRUE(listed.empty()) << "a command is missing here";
}

TEST_F(Help, EveryDefaultLiesInItsRange) {
  for (const auto& one : nlohmann::json::parse(succeed({"list", "options", "--json"}).out)) {
    if (one.at("type") != "number" && one.at("type") != "whole number") continue;
    const double value = std::stod(one.at("default").get<std::string>());
    EXPECT_TRUE(!one.contains("minimum") || value >= one.at("minimum")) << one;
    EXPECT_TRUE(!one.contains("exclusiveMinimum") || value > one.at("exclusiveMinimum")) << one;
    EXPECT_TRUE(!one.contains("maximum") || value <= one.at("maximum")) << one;
    EXPECT_TRUE(!one.contains("exclusiveMaximum") || value < one.at("exclusiveMaximum")) << one;
  }
}

TEST_F(Help, RangesStandBesideTheirDefaults) {
  EXPECT_THAT(succeed({"train", "--help"}).out, HasSubstr("  loss.sigma = 0.0   (a number from 0 on)\n"));
  EXPECT_THAT(succeed({"generate", "landau-6d", "--help"}).out,
              HasSubstr("  pic.cells = 32   (a power of two from 8 to 128)\n"));
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
