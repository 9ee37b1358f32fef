#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/atomic_file.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/compare/compare.hpp"
#include "training/compare/standing.hpp"
#include "training/compare/table.hpp"

namespace scorefield::compare {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Two methods of which the second cannot work: the snapshots have no velocities.
constexpr const char* kTiny = R"(
name = "tiny"
seeds = [0, 1]
timing_particles = 50
data = { generate = { particles = 100, frames = 5 }, sde = { dt = 0.1 } }
infer = { steps = 8 }
evaluate = { points = 32, projections = 4, frames = 2 }
[train]
model = { width = 6, depth = 2, rank = 1, bias_latents = 2, hypernetwork_width = 6 }
training = { steps = 3, log_every = 1 }
batch = { mu = 1, nodes = 2, particles = 16 }
[[problem]]
name = "bistable"
train = { loss = { name = "dice" } }
coarse = { sde = { dt = 0.12 } }
[[method]]
name = "dice"
[[method]]
name = "velocity"
train = { loss = { name = "velocity", velocities = "stored" } }
)";

json read(const std::string& path) { return json::parse(data::read_text_file(path)); }

TEST(Compare, RunsEveryCellOnceAndSaysWhyOneFails) {
  const test::TemporaryFolder folder;
  const auto experiment = parse_experiment(kTiny, "tiny.toml", false);
  const auto first = compare({experiment, folder.path("out")});
  EXPECT_EQ(first.cells, 4);
  EXPECT_EQ(first.computed, 2);
  EXPECT_EQ(first.failed, 2);
  const auto table = data::read_text_file(folder.path("out/table.md"));
  for (const char* words : {"# tiny", "## bistable", "| dice |", "*floor*", "*nearest*", "*coarse*", "sliced W2",
                            "moments error", "worst / nearest", "| dice, guided by moments |", "## Standing",
                            "## Failed cells", "velocity, seed 1: ", "/velocities"})
    EXPECT_THAT(table, HasSubstr(words));
  const auto cells = read(folder.path("out/table.json")).at("cells");
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_NEAR(cells[0].at("speed_up").get<double>(),
              cells[0].at("solver_frames_seconds").get<double>() / cells[0].at("all_frames_seconds").get<double>(),
              1e-9)
      << "at equal particles and frames";
  EXPECT_GT(cells[0].at("coarse_seconds").get<double>(), 0);
  EXPECT_TRUE(cells[0].at("mean").contains("moments_coarse"));
  EXPECT_GT(cells[0].at("all_frames_seconds").get<double>(), 0);
  EXPECT_FALSE(cells[1].contains("all_frames_seconds")) << "the first seed's alone is timed";
  EXPECT_TRUE(cells[0].at("mean").contains("sinkhorn_floor"));
  EXPECT_EQ(cells[0].at("guided").at("guide"), "moments");
  EXPECT_LT(cells[0].at("guided").at("mean").at("moments_error"), cells[0].at("mean").at("moments_error"));
  EXPECT_THAT(table, HasSubstr("guided by moments | *")) << "what guides is no test";
  const auto csv = data::read_text_file(folder.path("out/table.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);

  const auto again = compare({experiment, folder.path("out")});
  EXPECT_EQ(again.reused, 2);
  EXPECT_EQ(again.computed, 0);
  EXPECT_EQ(again.failed, 2) << "failed cells are tried again";
  EXPECT_EQ(read(folder.path("out/table.json")).at("cells")[0], cells[0]);

  // Changed options make their cells anew; the data stay.
  auto changed = std::string(kTiny);
  changed.replace(changed.find("steps = 3"), 9, "steps = 2");
  const auto third = compare({parse_experiment(changed, "tiny.toml", false), folder.path("out")});
  EXPECT_EQ(third.computed, 2);
  EXPECT_EQ(read(folder.path("out/table.json")).at("cells")[0].at("high_fidelity_seconds"),
            cells[0].at("high_fidelity_seconds"));
}

/// kTiny's problem with two parameters, and one method.
std::string two_parameters(const std::string& values) {
  std::string text = kTiny;
  text.replace(text.find("name = \"bistable\"\n"), 18, "name = \"bistable\"\n" + values);
  return text.erase(text.rfind("[[method]]"));
}

// A cell of fixed steps that was interrupted in its training goes on from its model, to the same last bit.
TEST(Compare, AnInterruptedCellGoesOnWhereItWas) {
  const test::TemporaryFolder folder;
  std::string text = kTiny;
  text.replace(text.find("seeds = [0, 1]"), 14, "seeds = [0]");
  text.replace(text.find("steps = 3,"), 10, "steps = 40,");
  text.erase(text.find("[[method]]\nname = \"velocity\""));
  const auto experiment = parse_experiment(text, "tiny.toml", false);
  (void)compare({experiment, folder.path("whole")});

  catch_interrupts();
  const auto until = [](std::int64_t step) {
    return [step](const Progress& progress) {
      if (progress.stage.ends_with("training") && progress.done >= step) std::raise(SIGTERM);
    };
  };
  EXPECT_THROW((void)compare({experiment, folder.path("parts"), "cpu", until(10)}), Interrupted);
  clear_interrupt();
  std::int64_t first = -1;
  const auto watch = [&](const Progress& progress) {
    if (progress.stage.ends_with("training") && first < 0) first = progress.done;
  };
  EXPECT_EQ(compare({experiment, folder.path("parts"), "cpu", watch}).computed, 1);
  EXPECT_GT(first, 10) << "the training does not begin again";
  for (const char* key : {"mean", "per_mu", "steps", "validation_loss"})
    EXPECT_EQ(read(folder.path("parts/table.json")).at("cells")[0].at(key),
              read(folder.path("whole/table.json")).at("cells")[0].at(key))
        << key;
}

TEST(Compare, SeveralParametersAreListsByNameOrTuples) {
  const test::TemporaryFolder folder;
  const auto product = parse_experiment(two_parameters("train_mu = { mu = [0.1, 0.3], bistable.noise = \"0.8,1.2\" }\n"
                                                       "test_mu = [[0.2, 1.0]]\n"),
                                        "two.toml", false);
  const auto plan = plan_data(product.problems.at(0), DataRole::train);
  EXPECT_EQ(plan.problem->parameters(), (std::vector<std::string>{"mu", "bistable.noise"}));
  EXPECT_EQ(plan.options.mu, (std::vector<std::vector<double>>{{0.1, 0.8}, {0.1, 1.2}, {0.3, 0.8}, {0.3, 1.2}}));
  EXPECT_THAT(plan.options.config, HasSubstr("parameters = \"mu, bistable.noise\""));
  const auto tuples = parse_experiment(two_parameters("parameters = \"mu, bistable.noise\"\n"
                                                      "train_mu = [[0.1, 0.8], [0.3, 1.2]]\ntest_mu = \"(0.2, 1)\"\n"),
                                       "two.toml", false);
  EXPECT_EQ(plan_data(tuples.problems.at(0), DataRole::test).options.mu, (std::vector<std::vector<double>>{{0.2, 1}}));

  const auto summary = compare({product, folder.path("out")});
  EXPECT_EQ(summary.computed, 2);
  EXPECT_EQ(summary.failed, 0);
  const auto cells = read(folder.path("out/table.json")).at("cells");
  EXPECT_EQ(cells.at(0).at("per_mu").at(0).at("mu"), (json{0.2, 1.0}));
  EXPECT_TRUE(cells.at(0).at("mean").contains("sinkhorn_floor"));

  const auto wrong = [&](const std::string& values, const std::string& words) {
    EXPECT_THAT([&] { (void)parse_experiment(two_parameters(values), "two.toml", false); },
                ThrowsMessage<UsageError>(HasSubstr(words)));
  };
  wrong("train_mu = { mu = [0.1], bistable.nois = [1] }\n", "did you mean 'bistable.noise'?");
  wrong("train_mu = { mu = [0.1], bistable.noise = [1] }\ntest_mu = [0.2]\n", "has 2 numbers: mu, bistable.noise");
  wrong("train_mu = [[0.1, 1]]\n", "has 1 number: mu");
  wrong("train_mu = { mu = [0.1], bistable.noise = [1] }\ntest_mu = { mu = [0.1], bistable.friction = [1] }\n",
        "the parameters are called mu, bistable.noise and mu, bistable.friction");
  wrong("train_mu = true\n", "'train_mu' must be");
}

TEST(Compare, AFileThatIsWrongSaysWhere) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = kTiny;
    text.replace(text.find(from), from.size(), to);
    return [text] { static_cast<void>(parse_experiment(text, "tiny.toml", false)); };
  };
  EXPECT_THAT(with("seeds", "seedz"), ThrowsMessage<UsageError>(HasSubstr("did you mean 'seeds'")));
  EXPECT_THAT(with("width = 6", "widht = 6"), ThrowsMessage<UsageError>(HasSubstr("did you mean 'model.width'")));
  EXPECT_THAT(with("\"bistable\"", "\"bistabel\""), ThrowsMessage<UsageError>(HasSubstr("did you mean 'bistable'")));
  EXPECT_THAT(with("name = \"velocity\"", "name = \"dice\""), ThrowsMessage<UsageError>(HasSubstr("two [[method]]")));
  EXPECT_THAT(with("name = \"velocity\"", "name = \"a/b\""), ThrowsMessage<UsageError>(HasSubstr("letters, digits")));
  EXPECT_THAT(with("train = { loss = { name = \"dice\" } }", "methods = { dise = { train = {} } }"),
              ThrowsMessage<UsageError>(HasSubstr("did you mean 'dice'")));
  EXPECT_THAT(with("train = { loss = { name = \"dice\" } }", "methods = { dice = { trian = {} } }"),
              ThrowsMessage<UsageError>(HasSubstr("did you mean 'train'")));
  EXPECT_THAT(with("seeds = [0, 1]", "seeds = ["), ThrowsMessage<UsageError>(HasSubstr("not valid TOML")));
}

TEST(Compare, AProblemHasItsOwnTimeLimit) {
  auto text = std::string(kTiny) + "[[problem]]\nname = \"oscillator\"\ntime_limit = \"2s\"\n";
  text.replace(text.find("seeds"), 5, "time_limit = \"1s\"\nseeds");
  const auto experiment = parse_experiment(text, "tiny.toml", false);
  EXPECT_EQ(experiment.time_limit, 1);
  EXPECT_LT(experiment.problems[0].time_limit, 0);
  EXPECT_EQ(experiment.problems[1].time_limit, 2);
  EXPECT_LT(parse_experiment(text + "[quick]\ntime_limit = \"none\"\n", "tiny.toml", true).problems[1].time_limit, 0);
}

TEST(Compare, AMethodHasItsOwnSettingsOnOneProblem) {
  const auto experiment = parse_experiment(std::string(kTiny) + R"(
[[problem]]
name = "oscillator"
[problem.methods.dice.train]
model = { width = 7 }
[problem.methods.dice.infer]
steps = 9
)",
                                           "tiny.toml", false);
  const auto width = [&](std::size_t problem, std::size_t method) {
    return plan_cell(experiment, experiment.problems[problem], experiment.methods[method]).train.model.width;
  };
  EXPECT_EQ(width(0, 0), 6);
  EXPECT_EQ(width(1, 0), 7);
  EXPECT_EQ(width(1, 1), 6);
  EXPECT_EQ(plan_cell(experiment, experiment.problems[1], experiment.methods[0]).infer.integration.steps, 9);
}

TEST(Compare, ShippedExperimentsAreValidAtBothScales) {
  std::vector<std::string> names;
  for (const auto& preset : experiment_presets()) {
    names.emplace_back(preset.name);
    const auto whole = parse_experiment(preset.toml, preset.name, false),
               quick = parse_experiment(preset.toml, preset.name, true);
    EXPECT_EQ(whole.methods.size(), quick.methods.size());
    EXPECT_EQ(quick.seeds.size(), 1u);
    EXPECT_GT(whole.time_limit, 0);
    EXPECT_EQ(quick.time_limit, 0);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("paper-table", "quadrature", "modulation", "entropy", "generalisation",
                                            "irregular-time", "dimension", "two-stream", "two-stream-sparse",
                                            "two-stream-3p", "landau", "bump-on-tail", "vlasov-2p", "landau-6d"));
}

TEST(Compare, TheExampleIsValid) {
  const std::string path = SCOREFIELD_EXAMPLES "/experiments/bistable.toml";
  const auto experiment = parse_experiment(data::read_text_file(path), path, false);
  EXPECT_EQ(experiment.seeds.size(), 3u);
  EXPECT_EQ(experiment.problems.front().problem, "bistable");
}

std::vector<Cell> cells_of(const json& objects) {
  std::vector<Cell> cells;
  for (const auto& object : objects) cells.push_back(read_cell(object));
  return cells;
}

TEST(CompareTable, AveragesOverSeedsAndQuotesCommas) {
  const json cells{{{"problem", "p"},
                    {"method", "m"},
                    {"seed", 0},
                    {"status", "done"},
                    {"mean", {{"sinkhorn", 0.1}, {"sinkhorn_floor", 0.01}}},
                    {"training_seconds", 10}},
                   {{"problem", "p"},
                    {"method", "m"},
                    {"seed", 1},
                    {"status", "done"},
                    {"mean", {{"sinkhorn", 0.3}, {"sinkhorn_floor", 0.01}}},
                    {"training_seconds", 12}},
                   {{"problem", "p"}, {"method", "n"}, {"seed", 0}, {"status", "failed"}, {"error", "a \"b\", c"}}};
  const auto table = to_markdown("t", "", cells_of(cells));
  EXPECT_THAT(table, HasSubstr("| *floor* | 0.01 |"));
  EXPECT_THAT(table, HasSubstr("| m | 0.2 ± 0.141 | 11 ± 1.41 |"));
  EXPECT_THAT(table, HasSubstr("- p, n, seed 0: a \"b\", c"));
  EXPECT_THAT(to_csv(cells_of(cells)), HasSubstr("\"a \"\"b\"\", c\""));
}

/// One finished cell with a test mu that was trained on, and two that were not.
json finished(const std::string& method, double first, double second, double inference, bool conditional) {
  const auto at = [](double error, double nearest, bool trained) {
    return json{{"moments_error", error}, {"moments_nearest", nearest}, {"is_training_mu", trained}};
  };
  return {{"problem", "p"},
          {"method", method},
          {"seed", 0},
          {"status", "done"},
          {"conditional", conditional},
          {"inference_seconds", inference},
          {"mean", {{"moments_error", (first + second + 0.9) / 3}, {"moments_floor", 0.1}, {"moments_nearest", 0.4}}},
          {"per_mu", {at(first, 0.4, false), at(second, 0.5, false), at(0.9, 0.3, true)}}};
}

TEST(CompareStanding, RatiosAreTheKnownOnes) {
  const auto standing = standing_of(read_cell(finished("m", 0.1, 0.2, 2, false)));
  ASSERT_TRUE(standing.has_value());
  EXPECT_EQ(standing->error, "moments_error");
  EXPECT_NEAR(*standing->worst_to_nearest, 0.4, 1e-12) << "a training mu does not count";
  EXPECT_NEAR(*standing->to_floor, 4, 1e-12);
  EXPECT_NEAR(*standing->nearest_to_floor, 4, 1e-12);
  auto with_field = finished("m", 0.1, 0.2, 2, false);
  with_field["mean"]["electric_energy_error"] = 0.3;
  EXPECT_EQ(standing_of(read_cell(with_field))->error, "electric_energy_error") << "the field comes first";
  EXPECT_FALSE(standing_of(read_cell(with_field))->to_floor.has_value());
  EXPECT_FALSE(standing_of(Cell{}).has_value());
}

TEST(CompareStanding, TheBestMethodIsNotAConditionalOne) {
  const json cells{finished("slow", 0.2, 0.2, 1, false), finished("good", 0.1, 0.2, 2, false),
                   finished("afresh", 0.05, 0.05, 30, true)};
  EXPECT_THAT(standing_table(cells_of(cells)), HasSubstr("| p | 4 | good | 0.4 | 0.4 | 4 | 15 | - |"));
  auto timed = cells;
  timed[1]["all_frames_seconds"] = 2;
  timed[2]["all_frames_seconds"] = 100;
  EXPECT_THAT(standing_table(cells_of(timed)), HasSubstr("| 15 | 50 |"));
  auto ahead = cells, beaten = cells;
  for (auto& cell : ahead) cell["mean"]["moments_nearest"] = 0.6;
  EXPECT_THAT(standing_table(cells_of(ahead)), HasSubstr("| 15 | - | good 0.4 |"));
  for (auto& cell : beaten) cell["mean"]["moments_mixture"] = 0.05;
  EXPECT_THAT(standing_table(cells_of(beaten)), HasSubstr("| 15 | - | *mixture* 0.05 |"));
  EXPECT_EQ(standing_table({}), "");
}

}  // namespace
}  // namespace scorefield::compare
