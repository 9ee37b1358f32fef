#include "data/inspect.hpp"
#include "data/model_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Inspect : public ::testing::Test {
 protected:
  void write_model() const {
    auto file = h5::File::create(path);
    ModelHeader header{.provenance = {.format = kModelFormat, .seed = 9}, .step = 12};
    header.data.mu = {{-0.5}, {-0.75}};
    header.data.mu_names = {"mu"};
    header.data.time = {0, 4};
    header.data.time_units = "s";
    header.data.coordinates = {"x"};
    header.data.units = {"box"};
    header.data.periods = {1};
    header.data.identity_ignored = true;
    header.parameters = 9;
    header.network_parameters = 6;
    write_model_header(file, header);
    const std::vector<float> weight(6), bias(3);
    const std::vector<double> loss{-0.5, -0.75};
    file.write<float>("/model/parameters/modulation.weight0", weight, {3, 2});
    file.write<float>("/model/parameters/modulation.left0", bias, {3, 1});
    file.write<double>("/training/loss_sum", loss, {2});
    file.write<double>("/history/loss", loss, {2});
    file.close();
  }

  test::TemporaryFolder folder;
  const std::string path = folder.path("file.h5");
};

TEST_F(Inspect, DatasetAsText) {
  DatasetWriter writer(path, test::small_header());
  test::write_marked_frames(writer);
  writer.write_diagnostics({.time = {0, 1}, .series = {{"electric_energy", {{2, 2}, {1, 2, 3, 4}}}}});
  writer.commit();
  const std::string text = describe_file(path);
  for (const char* part : {"scorefield/dataset", "1.2, 1.5", "3 frames, 0 to 2 plasma periods", "4 particles",
                           "trajectories, with velocities", "x [box], period 1", "v [box per plasma period]",
                           "electric_energy [2, 2]", "seed 42", "cells = 64"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(Inspect, DatasetAsJson) {
  test::write_marked_dataset(path);
  const json facts = json::parse(describe_file_json(path));
  EXPECT_EQ(facts["format"], "scorefield/dataset");
  EXPECT_EQ(facts["bytes"], std::filesystem::file_size(path));
  EXPECT_EQ(facts["mu"], json({{1.2}, {1.5}}));
  EXPECT_EQ(facts["time"], json({{"frames", 3}, {"first", 0.0}, {"last", 2.0}, {"units", "plasma periods"}}));
  EXPECT_EQ(facts["particles"], 4);
  EXPECT_EQ(facts["periods"], json({1.0, 0.0}));
  EXPECT_EQ(facts["identity"], "trajectories");
  EXPECT_EQ(facts["velocities"], true);
  EXPECT_EQ(facts["seed"], 42);
  EXPECT_EQ(facts["config"], "[pic]\ncells = 64\n");
  EXPECT_FALSE(facts.contains("diagnostics"));
}

TEST_F(Inspect, WhatTheWriterSaysOfAnArray) {
  DatasetWriter writer(path, test::small_header());
  test::write_marked_frames(writer);
  writer.write_diagnostics({.time = {0, 1}, .series = {{"heat", {{2, 2}, {1, 2, 3, 4}, "flux at the wall", "W"}}}});
  writer.commit();
  EXPECT_THAT(describe_file(path), HasSubstr("heat [2, 2]  flux at the wall [W]"));
  const json facts = json::parse(describe_file_json(path));
  for (const auto& array : facts["arrays"])
    if (array["name"] == "/diagnostics/heat") {
      EXPECT_EQ(array["attributes"], json({{"description", "flux at the wall"}, {"units", "W"}}));
    }
}

TEST_F(Inspect, FramesThatDiffer) {
  DatasetHeader header = test::small_header();
  header.time.clear();
  header.particles = 0;
  header.has_velocities = false;
  header.has_weights = true;
  header.runs = {{{0, 1}, {2, 3}}, {{-1}, {4}}};
  DatasetWriter writer(path, header);
  for (const auto& [m, k] : {std::pair{0, 0}, {0, 1}, {1, 0}}) {
    const auto n = static_cast<std::size_t>(header.particles_at(m, k));
    writer.write_frame(m, k, std::vector<float>(2 * n), {}, std::vector<float>(n, 1));
  }
  writer.commit();
  for (const char* part : {"3 frames of 2 to 4 particles, trajectories, with weights", "2 frames, -1 to 1"})
    EXPECT_THAT(describe_file(path), HasSubstr(part));
  const json facts = json::parse(describe_file_json(path));
  EXPECT_EQ(facts["layout"], "frames");
  EXPECT_EQ(facts["particles"], json({{"frames", 3}, {"least", 2}, {"most", 4}}));
}

TEST_F(Inspect, ManyValuesOfMuAreShortened) {
  DatasetHeader header = test::small_header();
  header.mu.clear();
  for (int i = 0; i < 30; ++i) header.mu.push_back({static_cast<double>(i)});
  test::write_marked_dataset(path, header);
  EXPECT_THAT(describe_file(path), HasSubstr("9, 10, ..., 29  (30 values of mu)"));
}

TEST_F(Inspect, ModelCountsItsValuesAndShowsTheLastLoss) {
  write_model();
  const std::string text = describe_file(path);
  for (const char* part :
       {"scorefield/model", "9 parameters (network 6, modulation 3), 12 training steps",
        "/model/parameters/modulation.weight0  float32 [3, 2]", "loss: 2 entries, last -0.75", "seed 9",
        "-0.5, -0.75  (2 values of mu)", "2 frames, 0 to 4 s", "x [box], period 1", "ignored: trained on snapshots"})
    EXPECT_THAT(text, HasSubstr(part));
  const json facts = json::parse(describe_file_json(path));
  EXPECT_EQ(facts["identity"], "ignored");
  EXPECT_EQ(facts["parameters"], 9);
  EXPECT_EQ(facts["step"], 12);
  EXPECT_EQ(facts["groups"]["/model"], json({{"arrays", 4}, {"values", 13}}));
  EXPECT_EQ(facts["history"]["loss"], json({{"length", 2}, {"last", -0.75}}));
}

TEST_F(Inspect, ForeignFilesShowTheirTree) {
  auto file = h5::File::create(path);
  const std::vector<std::int64_t> values{1, 2};
  file.write<std::int64_t>("/particles/ids", values, {2});
  file.close();
  EXPECT_THAT(describe_file(path), HasSubstr("not a scorefield file"));
  EXPECT_THAT(describe_file(path), HasSubstr("/particles/ids  int64 [2]"));
  const json facts = json::parse(describe_file_json(path));
  EXPECT_TRUE(facts["format"].is_null());
  EXPECT_EQ(facts["arrays"], json::parse(R"([{"name": "/particles/ids", "shape": [2], "type": "int64"}])"));
}

TEST_F(Inspect, MissingFileIsAnError) { EXPECT_THROW((void)describe_file(path), FileError); }

}  // namespace
}  // namespace scorefield::data
