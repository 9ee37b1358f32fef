// The shipped experiments in their quick version, and the two commands through the real binary.

#include <nlohmann/json.hpp>

#include "data/atomic_file.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Compare : public Cli, public ::testing::WithParamInterface<const char*> {};

/// Cells fail for one reason only: the velocity form on stochastic systems, whose samples have no velocities.
TEST_P(Compare, ShippedExperimentRunsAndContinues) {
  const std::vector<std::string> command{"compare", GetParam(),  "--output", "out",
                                         "--quick", "--threads", "1",        "--json"};
  const auto first = json::parse(succeed(command).out);
  EXPECT_GT(first.at("computed"), 0);
  EXPECT_EQ(first.at("reused"), 0);
  const auto cells = json::parse(data::read_text_file(folder_ / "out/table.json")).at("cells");
  EXPECT_EQ(cells.size(), first.at("cells"));
  for (const auto& cell : cells) {
    if (cell.at("status") == "done") EXPECT_TRUE(cell.at("mean").contains("sinkhorn_floor")) << cell;
    else EXPECT_THAT(cell.at("error").get<std::string>(), HasSubstr("/velocities")) << cell.at("method");
  }
  const auto again = json::parse(succeed(command).out);
  EXPECT_EQ(again.at("computed"), 0);
  EXPECT_EQ(again.at("reused"), first.at("computed"));
}

INSTANTIATE_TEST_SUITE_P(Experiments, Compare,
                         ::testing::Values("paper-table", "quadrature", "modulation", "entropy", "generalisation",
                                           "irregular-time", "dimension"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

using CompareCommand = Cli;

TEST_F(CompareCommand, ShowsExperimentsAndRefusesUnknownOnes) {
  EXPECT_THAT(succeed({"compare", "quadrature", "--show"}).out, HasSubstr("name = \"gauss-legendre-65\""));
  EXPECT_THAT(succeed({"list", "experiments"}).out, HasSubstr("paper-table: "));
  fail(2, {"compare", "quadratur", "--output", "out"}, {"did you mean 'quadrature'?"});
  fail(1, {"compare", "absent.toml", "--output", "out"}, {"absent.toml", "does not exist"});
  fail(2, {"compare", "quadrature"}, {"--output is missing"});
}

TEST_F(CompareCommand, CalibratePrintsMuWithItsUncertainty) {
  succeed(tiny_generate("train.h5", "0"));
  succeed(tiny_train("train.h5", "model.h5", "4"));
  const std::vector<std::string> options{"--set", "calibrate.steps=8", "--set", "calibrate.scan=3", "--bootstrap", "5"};
  std::vector<std::string> command{"calibrate", "model.h5", "train.h5", "--json", "--output", "result.json"};
  command.insert(command.end(), options.begin(), options.end());
  const auto result = json::parse(succeed(command).out);
  EXPECT_GE(result.at("mu"), 1.2);
  EXPECT_LE(result.at("mu"), 1.4);
  EXPECT_GE(result.at("deviation"), 0);
  EXPECT_EQ(json::parse(data::read_text_file(folder_ / "result.json")).at("bootstrap").size(), 5u);
  fail(2, {"calibrate", "model.h5"}, {"takes one or several models and the data, got 1 file"});
  fail(2, {"calibrate", "model.h5", "train.h5", "--run", "9"}, {"counted from 0"});
}

TEST_F(CompareCommand, InferWritesTheLogDensityAndSamplesBaselines) {
  succeed(tiny_generate("train.h5", "0"));
  succeed(tiny_train("train.h5", "model.h5", "4"));
  succeed({"infer", "model.h5", "--mu", "1.3", "--output", "rollout.h5", "--log-density", "--set", "infer.steps=8"});
  EXPECT_THAT(succeed({"inspect", "rollout.h5"}).out,
              ::testing::AllOf(HasSubstr("log-density"), HasSubstr("[1, 5, 200]")));
  for (const char* loss : {"ncsm", "cfm", "dsm"}) {
    auto train = tiny_train("train.h5", std::string(loss) + ".h5", "4");
    train.insert(train.end(), {"--set", std::string("loss.name=") + loss});
    succeed(train);
  }
  for (const char* model : {"ncsm.h5", "cfm.h5"})
    succeed({"infer", model, "--mu", "1.3", "--output", "samples.h5", "--set", "infer.sampler_steps=4"});
  EXPECT_THAT(succeed({"inspect", "samples.h5"}).out, HasSubstr("trajectories"));
  EXPECT_THAT(succeed({"inspect", "dsm.h5"}).out, HasSubstr("score, "));
  fail(2, {"infer", "dsm.h5", "--mu", "1.3", "--output", "x.h5"}, {"kind score"});
  fail(2, {"infer", "cfm.h5", "--mu", "1.3", "--output", "x.h5", "--log-density"}, {"needs a model of a drift"});
}

}  // namespace
}  // namespace scorefield::test
