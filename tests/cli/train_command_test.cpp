// What `train` decides and says by itself: the loss of a dataset, the rate of a resumed run, a training that diverges.

#include <nlohmann/json.hpp>

#include "core/random.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"

namespace scorefield::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class TrainCommand : public Cli {
 protected:
  /// A Gaussian that spreads, x_i(t) = (1 + mu t) z_i in one dimension.
  void write_data(const std::string& name, data::Identity identity, bool velocities) const {
    data::DatasetHeader header;
    header.provenance.format = data::kDatasetFormat;
    header.mu = {{0.5}, {1.0}};
    header.mu_names = {"mu"};
    header.time = {0, 0.25, 0.5, 0.75, 1};
    header.time_units = "1";
    header.particles = 200;
    header.coordinates = {"x"};
    header.units = {"1"};
    header.periods = {0};
    header.identity = identity;
    header.has_velocities = velocities;
    data::DatasetWriter writer(folder_ / name, header);
    for (std::int64_t m = 0; m < 2; ++m)
      for (std::int64_t k = 0; k < 5; ++k) {
        std::vector<float> x, v;
        for (std::uint64_t i = 0; i < 200; ++i) {
          const double z = Philox(3, static_cast<std::uint64_t>(m)).normals(i)[0];
          x.push_back(static_cast<float>((1 + header.mu[static_cast<std::size_t>(m)][0] * 0.25 * k) * z));
          v.push_back(static_cast<float>(header.mu[static_cast<std::size_t>(m)][0] * z));
        }
        writer.write_frame(m, k, x, velocities ? v : std::vector<float>());
      }
    writer.commit();
  }

  static std::vector<std::string> small(const std::string& data, const std::string& steps) {
    return {"train",         data,    "--output",           "model.h5",  "--steps", steps, "--set",
            "model.width=8", "--set", "batch.particles=20", "--threads", "1"};
  }
  static std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_F(TrainCommand, TakesTheLossThatTheDataAllowAndSaysWhy) {
  struct Case {
    data::Identity identity;
    bool velocities;
    const char *loss, *reason;
  };
  for (const Case& c : {Case{data::Identity::trajectories, true, "velocity", "have velocities"},
                        Case{data::Identity::marginals, true, "velocity", "have velocities"},
                        Case{data::Identity::trajectories, false, "velocity", "particles are followed"},
                        Case{data::Identity::marginals, false, "transport", "snapshots"}}) {
    write_data("data.h5", c.identity, c.velocities);
    const auto result = succeed(with(small("data.h5", "3"), {"--json"}));
    EXPECT_THAT(result.err, HasSubstr("loss " + std::string(c.loss) + ": "));
    EXPECT_THAT(result.err, HasSubstr(c.reason));
    const auto answer = json::parse(result.out);
    EXPECT_EQ(answer.at("loss"), c.loss);
    EXPECT_THAT(answer.at("loss_reason").get<std::string>(), HasSubstr(c.reason));
    const auto config = h5::File::open(folder_ / "model.h5").string_attribute("/", "config");
    EXPECT_THAT(config, HasSubstr("name = \"" + std::string(c.loss) + "\"")) << "the file holds what was chosen";
  }
  const auto named =
      json::parse(succeed(with(small("data.h5", "3"), {"--json", "--set", "loss.name=action-matching"})).out);
  EXPECT_EQ(named.at("loss"), "action-matching");
  EXPECT_EQ(named.at("loss_reason"), "");
}

// The runs are as if the file did not have them, for the training and for the baselines of what it predicts there.
TEST_F(TrainCommand, RunsCanBeLeftOut) {
  const auto generate = [&](const std::string& output, const std::string& mu) {
    auto words = tiny_generate(output);
    *std::find(words.begin(), words.end(), "1.2,1.4") = mu;
    succeed(words);
  };
  generate("all.h5", "1.2,1.4,1.3");
  generate("two.h5", "1.2,1.4");
  auto words = tiny_train("all.h5", "left.h5", "4");
  words.insert(words.end(), {"--leave-out", "1.3"});
  succeed(words);
  succeed(tiny_train("two.h5", "two_model.h5", "4"));
  for (const char* model : {"left.h5", "two_model.h5"})
    succeed({"infer", model, "--mu", "1.3", "--output", std::string("rollout_of_") + model, "--set", "infer.steps=4"});
  const auto last_frame = [&](const char* name) {
    const data::DatasetReader reader(folder_ / name);
    std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
    reader.read_samples(0, reader.header().frames() - 1, values);
    return values;
  };
  EXPECT_EQ(last_frame("rollout_of_left.h5"), last_frame("rollout_of_two_model.h5"));
  const auto evaluate = [&](const char* rollout, const char* training) {
    return json::parse(succeed({"evaluate", rollout, "--reference", "all.h5", "--training", training, "--json",
                                "--quiet", "--set", "evaluate.floor=false"})
                           .out);
  };
  const auto left = evaluate("rollout_of_left.h5", "all.h5"), two = evaluate("rollout_of_two_model.h5", "two.h5");
  EXPECT_EQ(left.at("left_out"), (json{{1.3}}));
  EXPECT_EQ(left.at("mean"), two.at("mean"));
  EXPECT_EQ(left.at("per_mu"), two.at("per_mu"));
  words.back() = "1.7";
  words[3] = "none.h5";
  fail(2, words, {"mu = 1.7", "left out", "all.h5", "1.2, 1.4, 1.3"});
}

TEST_F(TrainCommand, MoreStepsStayAtTheRateAndAnotherRateStartsAgain) {
  write_data("data.h5", data::Identity::trajectories, true);
  succeed(with(small("data.h5", "40"), {"--quiet", "--set", "training.log_every=10"}));
  const std::vector<std::string> resume{"train", "data.h5", "--output", "model.h5", "--resume", "--threads", "1"};
  EXPECT_THAT(succeed(with(resume, {"--steps", "60"})).err, HasSubstr("at 100 % of the learning rate's schedule"));
  succeed(with(resume, {"--steps", "80", "--set", "training.learning_rate=0.001"}));
  const auto rates = h5::File::open(folder_ / "model.h5").read<double>("/history/learning_rate");
  ASSERT_EQ(rates.size(), 8u);
  EXPECT_LE(rates[4], rates[3]);
  EXPECT_LE(rates[5], rates[3]);
  EXPECT_GT(rates[6], 4e-4);
}

TEST_F(TrainCommand, ADivergedTrainingFailsAndSaysWhatIsKept) {
  write_data("data.h5", data::Identity::trajectories, true);
  const auto at_once = run(with(small("data.h5", "100"), {"--json", "--set", "training.learning_rate=1000"}));
  EXPECT_EQ(at_once.exit_code, 1);
  EXPECT_THAT(at_once.err, HasSubstr("Nothing was written. Lower training.learning_rate (1000)"));
  EXPECT_EQ(json::parse(at_once.out).at("diverged"), true);
  EXPECT_EQ(folder_.listing(), std::vector<std::string>{"data.h5"});

  const auto adam = with(small("data.h5", "100"), {"--quiet", "--json", "--set", "optimizer.name=adam", "--set",
                                                   "training.log_every=5", "--set", "training.ema_decay=0.9"});
  const auto good = json::parse(succeed(adam).out);
  EXPECT_EQ(good.at("diverged"), false);
  const auto lost = run({"train", "data.h5", "--output", "model.h5", "--resume", "--steps", "120", "--threads", "1",
                         "--quiet", "--json", "--set", "training.learning_rate=0.4"});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.err, HasSubstr("model.h5 holds the "));
  EXPECT_THAT(lost.err, HasSubstr("of step 100"));
  EXPECT_EQ(json::parse(lost.out).at("diverged"), true);
  EXPECT_EQ(h5::File::open(folder_ / "model.h5").integer_attribute("/training", "step"), 100);
}

}  // namespace
}  // namespace scorefield::test
