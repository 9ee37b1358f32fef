// The registry of losses, and what each of them keeps in a model file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "data/h5.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/train_keys.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Losses, AreFoundByTheirNamesAndNamedInTheHelp) {
  const LossOptions options;
  EXPECT_EQ(options.chosen().name(), "velocity");
  const auto names = options.list.names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const auto& name : names) {
    EXPECT_EQ(options.list.find(name).name(), name);
    EXPECT_THAT(options.list.help(), HasSubstr(name + ": " + options.list.find(name).summary()));
  }
  EXPECT_THAT([&] { static_cast<void>(options.list.find("dise")); }, ThrowsMessage<UsageError>(HasSubstr("'dice'")));
}

/// A copied configuration has options of its own.
TEST(Losses, AreCopiedWithTheirOptions) {
  TrainConfig first;
  test::set_key(first, "loss.noise=0.25");
  TrainConfig second = first;
  test::set_key(second, "loss.noise=0.5");
  EXPECT_EQ(first.loss.list.find("dsm").score_use()->noise(), 0.25);
  EXPECT_EQ(second.loss.list.find("dsm").score_use()->noise(), 0.5);
  first = second;
  EXPECT_EQ(first.loss.list.find("dsm").score_use()->noise(), 0.5);
}

/// The word in the file, and the attributes beside it, as files of format 1 have them.
TEST(Losses, AreReadBackFromAFileByTheKindOfModel) {
  const test::TemporaryFolder folder;
  TrainConfig config;
  test::set_key(config, "loss.noise=0.25");
  test::set_key(config, "loss.noise_min=0.125");
  test::set_key(config, "loss.noise_max=8");
  const std::map<std::string, std::pair<std::string, std::map<std::string, double>>> expected{
      {"velocity", {"drift", {}}},
      {"action-matching", {"drift", {}}},
      {"dice", {"drift", {}}},
      {"transport", {"drift", {}}},
      {"weak", {"drift", {}}},
      {"two-parameter", {"drift", {}}},
      {"dsm", {"score", {{"noise", 0.25}}}},
      {"ncsm", {"ncsm", {{"noise_min", 0.125}, {"noise_max", 8}}}},
      {"cfm", {"cfm", {}}}};
  for (const auto& [name, kept] : expected) {
    const auto& loss = config.loss.list.find(name);
    EXPECT_EQ(loss.kind(), kept.first);
    const auto path = folder.path(name + ".h5"), again = folder.path("again-" + name + ".h5");
    const auto write = [](const std::string& to, const Loss& written) {
      auto file = h5::File::create(to, to);
      file.write<double>("/model/mu", std::vector<double>{0}, {1, 1});
      file.set_attribute("/model", "kind", written.kind());
      written.write(file);
      file.close();
    };
    write(path, loss);
    const auto read = read_loss(h5::File::open(path));
    EXPECT_EQ(read->kind(), loss.kind());
    write(again, *read);
    for (const auto& [attribute, value] : kept.second)
      for (const auto& file : {path, again})
        EXPECT_EQ(h5::File::open(file).number_attribute("/model", attribute), value) << name;
    EXPECT_EQ((read->drift_use() != nullptr) + (read->score_use() != nullptr) + (read->marginal_sampler() != nullptr),
              1);
  }
}

TEST(Losses, UnknownKindsOfModelsAreRefusedAndMissingOnesAreDrifts) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("model.h5");
  for (const char* kind : {"", "telepathy"}) {
    auto file = h5::File::create(path, path);
    file.write<double>("/model/mu", std::vector<double>{0}, {1, 1});
    if (*kind) file.set_attribute("/model", "kind", std::string(kind));
    file.close();
    const auto read = [&] { return read_loss(h5::File::open(path)); };
    if (*kind) EXPECT_THAT(read, ThrowsMessage<FileError>(HasSubstr("'telepathy'")));
    else EXPECT_NE(read()->drift_use(), nullptr);
  }
}

}  // namespace
}  // namespace scorefield::training
