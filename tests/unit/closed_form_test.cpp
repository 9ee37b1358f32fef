#include "training/compare/closed_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "data/problems/oscillator.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/trainer.hpp"

namespace scorefield::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string generate(const test::TemporaryFolder& folder, const std::string& name, problems::Problem& problem,
                     std::int64_t frames, std::int64_t particles) {
  problems::GenerateOptions options;
  options.particles = particles;
  options.frames = frames;
  options.seed = 1;
  OptionSet set;
  std::string kind = problem.name();
  set.add("problem", kind, "");
  problem.bind(set);
  options.config = set.to_toml();
  problems::generate_dataset(problem, options, folder.path(name), {});
  return folder.path(name);
}

/// Seconds of training: the learned field is the closed form's, and so is what a rule in time sees of it.
TEST(ClosedForm, AShortTrainingFindsTheOscillatorsPotential) {
  const test::TemporaryFolder folder;
  problems::Oscillator oscillator;
  const auto data = generate(folder, "data.h5", oscillator, 101, 2000);
  training::TrainConfig config;
  config.model.width = 24;
  config.model.depth = 3;
  config.batch = {.mu = 1, .nodes = 24, .particles = 48};
  config.training.steps = 400;
  config.training.log_every = 400;
  config.optimizer.ema_decay = 0.98;
  const auto train = [&](std::int64_t steps, const std::string& name) {
    config.training.steps = steps;
    static_cast<void>(training::train(
        {.data_path = data, .output_path = folder.path(name), .config = config, .config_toml = "", .seed = 3}));
    return compare_with_closed_form(folder.path(name), data, 300);
  };
  const auto start = train(1, "start.h5"), trained = train(400, "trained.h5");
  EXPECT_GT(start.drift_error, 0.8);
  EXPECT_LT(trained.drift_error, 0.05);
  EXPECT_LT(trained.integrand_error, 0.05);
  ASSERT_EQ(trained.time.size(), 101u);
  ASSERT_EQ(trained.exact.size(), 101u);
  ASSERT_EQ(trained.learned.size(), 101u);
}

TEST(ClosedForm, OtherDataAreRefused) {
  const test::TemporaryFolder folder;
  const auto bistable = problems::make_problem("bistable");
  const auto data = generate(folder, "data.h5", *bistable, 3, 10);
  EXPECT_THAT([&] { static_cast<void>(compare_with_closed_form(folder.path("none.h5"), data)); },
              ThrowsMessage<FileError>(HasSubstr("oscillator")));
}

}  // namespace
}  // namespace scorefield::compare
