// `sample` of a Stan model in a library with BridgeStan's C interface, through the real binary.

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/h5.hpp"
#include "tests/cli/cli_fixture.hpp"
#include "tests/support/damage_file.hpp"

namespace scorefield::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StanModel : public Cli {
 protected:
  void SetUp() override {
    std::filesystem::create_symlink(SCOREFIELD_STAN_LIBRARY, folder_ / "model.so");
    write_text(folder_ / "data.json", "{\"mean\": 3.0, \"threads\": 1}\n");
  }
  static std::vector<std::string> command(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"sample",   "model.so", "--data",      "data.json", "--output", output,
                                 "--method", "mpm",      "--particles", "400",       "--quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::vector<double> column(const std::string& file, const std::string& name) const {
    return h5::File::open(folder_ / file).read<double>(name);
  }
};

TEST_F(StanModel, TheFileHasNamesShapesAndConstrainedValues) {
  const auto facts = nlohmann::json::parse(succeed(command("s.h5", {"--json"})).out);
  EXPECT_EQ(facts["dimension"], 8);
  EXPECT_GT(facts["score_evaluations"].get<std::int64_t>(), 400);
  const auto file = h5::File::open(folder_ / "s.h5");
  EXPECT_THAT(file.strings_attribute("/samples", "names"),
              ElementsAre("mu", "tau", "w[1,1]", "w[2,1]", "w[1,2]", "w[2,2]", "w[1,3]", "w[2,3]"));
  EXPECT_EQ(file.dims("/variables/w"), (std::vector<std::int64_t>{400, 2, 3}));
  EXPECT_EQ(file.string_attribute("/variables/w", "role"), "parameter");
  EXPECT_EQ(file.string_attribute("/variables/total", "role"), "transformed parameter");
  EXPECT_EQ(file.string_attribute("/variables/drawn", "role"), "generated quantity");
  const auto samples = column("s.h5", "/samples"), moved = column("s.h5", "/unconstrained"),
             tau = column("s.h5", "/variables/tau"), w = column("s.h5", "/variables/w");
  double mean = 0, logs = 0, squares = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    EXPECT_EQ(samples[8 * i + 1], tau[i]);
    EXPECT_NEAR(std::log(tau[i]), moved[8 * i + 1], 1e-14);
    EXPECT_EQ(w[6 * i + 3], samples[8 * i + 3]) << "w[2,1]";
    mean += samples[8 * i] / 400;
    logs += std::log(tau[i]) / 400;
    squares += std::log(tau[i]) * std::log(tau[i]) / 400;
  }
  EXPECT_NEAR(mean, 3, 5 * 2 / std::sqrt(400));
  EXPECT_NEAR(logs, 0, 5 * 0.5 / std::sqrt(400));
  EXPECT_NEAR(squares, 0.25, 0.1);
}

TEST_F(StanModel, ACloudIsTheStartOfAnother) {
  succeed(command("first.h5"));
  succeed(command("second.h5", {"--initial", "first.h5", "--steps", "1"}));
  const auto first = column("first.h5", "/samples"), second = column("second.h5", "/samples");
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(first[i], second[i], 0.02 * (1 + std::abs(first[i])));
}

TEST_F(StanModel, RefusalsNameTheFileAndSayWhatToDo) {
  fail(1, {"sample", "model.so", "--output", "s.h5"}, {"model.so", "--data FILE.json", "variable name=mean"});
  fail(1, {"sample", "model.so", "--data", "none.json", "--output", "s.h5"}, {"none.json"});
  write_text(folder_ / "data.json", "{\"means\": ");
  fail(1, command("s.h5"), {"data.json", "is not valid JSON"});
  write_text(folder_ / "text.so", "no library");
  fail(1, {"sample", "text.so", "--output", "s.h5"}, {"text.so", "is not a shared library that can be loaded"});
  fail(1, {"sample", "none.so", "--output", "s.h5"}, {"none.so", "no such file"});
  std::filesystem::create_symlink("gone.so", folder_ / "link.so");
  fail(1, {"sample", "link.so", "--output", "s.h5"}, {"link.so", "gone.so", "not there any more"});
  fail(2, {"sample", "gaussian", "--data", "data.json", "--output", "s.h5"}, {"--data belongs to"});
  fail(2, {"sample", "model.stan", "--output", "s.h5"}, {"scripts/stan_model model.stan", "sample model.so"});
}

}  // namespace
}  // namespace scorefield::test
