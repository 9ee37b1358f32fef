// Two physics parameters through the real binary, from generate to calibrate.

#include <nlohmann/json.hpp>

#include "data/dataset.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class SeveralParameters : public Cli {
 protected:
  using Words = std::vector<std::string>;

  static Words with(Words arguments, const Words& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  static Words generate(const std::string& output, const Words& more) {
    return with(
        {"generate", "two-stream", "--output", output, "--threads", "1", "--particles", "200", "--frames", "5",
         "--json", "--quiet", "--set", "pic.simulated_particles=2000", "--set", "pic.cells=32", "--set", "pic.dt=0.1"},
        more);
  }

  static const Words& product() {
    static const Words flags{"--mu", "mu=1.2,1.4", "--mu", "perturbation.amplitude=0.02,0.06"};
    return flags;
  }

  std::vector<float> last_frame(const std::string& name, std::int64_t mu) const {
    const data::DatasetReader reader(folder_ / name);
    std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
    reader.read_samples(mu, reader.header().frames() - 1, values);
    return values;
  }
};

TEST_F(SeveralParameters, ProductTuplesAndTableAreTheSameRuns) {
  const auto result = json::parse(succeed(generate("product.h5", product())).out);
  EXPECT_EQ(result.at("parameters"), (json{"mu", "perturbation.amplitude"}));
  EXPECT_EQ(result.at("mu"), (json{{1.2, 0.02}, {1.2, 0.06}, {1.4, 0.02}, {1.4, 0.06}}));
  write_text(folder_ / "runs.csv", "mu,perturbation.amplitude\n1.2,0.06\n1.4,0.02\n");
  succeed(generate("table.h5", {"--mu", "@runs.csv"}));
  succeed(generate("tuples.h5",
                   {"--mu", "(1.2, .06), (1.4, .02)", "--set", "generate.parameters=mu, perturbation.amplitude"}));
  for (const char* name : {"table.h5", "tuples.h5"}) {
    const auto header = data::DatasetReader(folder_ / name).header();
    EXPECT_EQ(header.mu_names, (Words{"mu", "perturbation.amplitude"}));
    EXPECT_EQ(header.mu, (std::vector<std::vector<double>>{{1.2, 0.06}, {1.4, 0.02}}));
    EXPECT_EQ(last_frame(name, 0), last_frame("product.h5", 1)) << name;
    EXPECT_EQ(last_frame(name, 1), last_frame("product.h5", 2)) << name;
  }
  write_text(folder_ / "stored.toml", data::DatasetReader(folder_ / "product.h5").header().provenance.config);
  succeed({"generate", "two-stream", "--config", "stored.toml", "--output", "again.h5", "--quiet"});
  EXPECT_EQ(last_frame("again.h5", 3), last_frame("product.h5", 3));
  EXPECT_THAT(
      succeed({"inspect", "product.h5"}).out,
      HasSubstr("(1.2, 0.02), (1.2, 0.06), (1.4, 0.02), (1.4, 0.06)  (4 values of mu, perturbation.amplitude)"));
  EXPECT_NE(last_frame("product.h5", 0), last_frame("product.h5", 1));
}

TEST_F(SeveralParameters, EveryCommandTakesThem) {
  succeed(generate("train.h5", product()));
  succeed(generate("test.h5", {"--mu", "mu=1.3", "--mu", "perturbation.amplitude=0.04", "--seed", "1"}));
  succeed(tiny_train("train.h5", "model.h5", "4"));
  const auto rollout = json::parse(succeed({"infer", "model.h5", "--mu", "(1.3, 0.04)", "--output", "rollout.h5",
                                            "--json", "--set", "infer.steps=4"})
                                       .out);
  EXPECT_EQ(rollout.at("mu"), (json{{1.3, 0.04}}));
  EXPECT_TRUE(rollout.at("warnings").empty());
  const auto evaluation = json::parse(
      succeed({"evaluate", "rollout.h5", "--reference", "test.h5", "--training", "train.h5", "--json", "--quiet"}).out);
  const auto& at = evaluation.at("per_mu").at(0);
  EXPECT_EQ(at.at("mu"), (json{1.3, 0.04}));
  EXPECT_TRUE(at.at("inside_training_range"));
  EXPECT_GT(at.at("electric_energy_floor"), 0) << "an independent run at the tuple";

  const Words options{"--set", "calibrate.steps=4", "--set", "calibrate.scan=2", "--bootstrap", "5", "--quiet"};
  const auto found = json::parse(
      succeed(with({"calibrate", "model.h5", "model.h5", "test.h5", "--json", "--seeds", "2"}, options)).out);
  EXPECT_EQ(found.at("parameters"), (json{"mu", "perturbation.amplitude"}));
  EXPECT_EQ(found.at("mu").size(), 2u);
  EXPECT_EQ(found.at("covariance").at(1).size(), 2u);
  EXPECT_EQ(found.at("interval").at(0).size(), 2u);
  EXPECT_EQ(found.at("ensemble").at("mu").size(), 4u);
  EXPECT_EQ(found.at("ensemble").at("mu").at(1), found.at("ensemble").at("mu").at(3)) << "the same model and seed";
  EXPECT_EQ(found.at("ensemble").at("spread").size(), 2u);
  EXPECT_EQ(found.at("fit").at("fits"),
            found.at("distance").get<double>() <= 2 * found.at("fit").at("floor").get<double>());
  EXPECT_THAT(succeed(with({"calibrate", "model.h5", "test.h5", "--initial", "test.h5"}, options)).out,
              ::testing::AllOf(HasSubstr("perturbation.amplitude = "), HasSubstr("sampling alone: ")));
  succeed({"export", "rollout.h5", "--output", "rollout.npz"});
}

TEST_F(SeveralParameters, WhatDoesNotFitIsSaid) {
  succeed(generate("train.h5", product()));
  succeed(tiny_train("train.h5", "model.h5", "2"));
  const auto infer = [](const Words& mu) { return with({"infer", "model.h5", "--output", "rollout.h5"}, mu); };
  fail(2, infer({"--mu", "1.3"}), {"mu = 1.3, the model expects 2 numbers: mu, perturbation.amplitude"});
  fail(2, infer({"--mu", "mu=1.3", "--mu", "amplitude=0.04"}),
       {"'amplitude' is not a known parameter of the model", "Known: mu, perturbation.amplitude"});
  fail(2, infer({"--mu", "1.3", "--mu", "1.4"}), {"--mu given several times expects NAME=LIST each time"});
  fail(1, infer({"--mu", "@absent.csv"}), {"absent.csv", "no such file"});
  EXPECT_THAT(succeed(infer({"--mu", "perturbation.amplitude=0.1", "--mu", "mu=1.3", "--set", "infer.steps=2"})).err,
              HasSubstr("perturbation.amplitude = 0.1 lies outside the training range [0.02, 0.06]"));
  fail(2, generate("data.h5", {"--mu", "mu=1.2", "--mu", "pic.box_length=40,50"}), {"change the periods of the data"});
}

}  // namespace
}  // namespace scorefield::test
