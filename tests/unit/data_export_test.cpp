// What is exported comes back by import; the attributes that the openPMD standard asks for are there.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "core/error.hpp"
#include "data/export/export.hpp"
#include "data/import/import.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

class Export : public testing::Test {
 protected:
  Export() { write_marked_dataset(data_); }

  /// Writes the marked dataset in one form, reads that back, and compares everything but the order of particles.
  void expect_round_trip(const std::string& output, const std::string& input) {
    (void)data::export_file(data_, folder_.path(output), {});
    data::ImportOptions options;
    if (input.ends_with(".npz")) {  // which keeps them as arrays of words
      options.coordinates = "x, v";
      options.units = "box, box per plasma period";
      options.periods = {1, 0};
      options.time_units = "plasma periods";
      options.identity = data::ImportIdentity::trajectories;
    }
    (void)data::import_files({folder_.path(input)}, options, {}, folder_.path("back.h5"));
    const data::DatasetReader before(data_), after(folder_.path("back.h5"));
    EXPECT_EQ(after.header().mu, before.header().mu);
    EXPECT_EQ(after.header().time, before.header().time);
    EXPECT_EQ(after.header().time_units, before.header().time_units);
    EXPECT_EQ(after.header().coordinates, before.header().coordinates);
    EXPECT_EQ(after.header().units, before.header().units);
    EXPECT_EQ(after.header().periods, before.header().periods);
    EXPECT_EQ(after.header().identity, before.header().identity);
    ASSERT_TRUE(after.header().has_velocities);
    std::vector<float> values(8), rates(8);
    for (std::int64_t m = 0; m < 2; ++m)
      for (std::int64_t k = 0; k < 3; ++k) {
        after.read_samples(m, k, values);
        after.read_velocities(m, k, rates);
        EXPECT_EQ(rates, negated(values));
        float sum = 0, expected = 0;
        for (const float value : values) sum += value;
        for (const float value : marked_frame(before.header(), m, k)) expected += value;
        EXPECT_EQ(sum, expected) << m << " " << k;
      }
  }
  /// Four weighted particles in two dimensions.
  [[nodiscard]] std::string samples_file(const std::function<void(h5::File&)>& more = {}) const {
    const auto path = folder_.path("samples.h5");
    auto file = h5::File::create(path);
    data::write_provenance(file, {.format = data::kSamplesFormat});
    file.write<double>("/samples", std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, {4, 2});
    file.write<double>("/weights", std::vector<double>{0.5, 0, 0.25, 0.25}, {4});
    file.write<double>("/log_prob", std::vector<double>{-1, -2, -3, -4}, {4});
    file.set_attribute("/", "method", std::string("gas"));
    if (more) more(file);
    file.close();
    return path;
  }

  TemporaryFolder folder_;
  std::string data_ = folder_.path("data.h5");
};

TEST_F(Export, OpenpmdAndBack) { expect_round_trip("run.h5", "run_mu{mu}.h5"); }

TEST_F(Export, NpzAndBack) { expect_round_trip("run.npz", "run.npz"); }

TEST_F(Export, OneOpenpmdFilePerMu) {
  const auto files = data::export_file(data_, folder_.path("a{mu}_{run}.h5"), {});
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0], folder_.path("a1.2_0.h5"));
  EXPECT_EQ(files[1], folder_.path("a1.5_1.h5"));
  const auto file = h5::File::open(files[1]);
  EXPECT_EQ(file.string_attribute("/", "openPMD"), "1.1.0");
  EXPECT_EQ(file.string_attribute("/", "iterationFormat"), "/data/%T/");
  EXPECT_EQ(file.number_attribute("/", "mu"), 1.5);
  const std::string species = "/data/2/particles/particles";
  EXPECT_EQ(file.number_attribute("/data/2", "time"), 2.0);
  EXPECT_EQ(file.numbers_attribute(species + "/positionOffset/x", "shape"), std::vector{4.0});
  EXPECT_EQ(file.numbers_attribute(species + "/velocity", "unitDimension").size(), 7u);
  EXPECT_TRUE(file.is_dataset(species + "/velocity/x"));
}

TEST_F(Export, RunsThatShareAName) {
  auto header = small_header();
  header.mu = {{1.2}, {1.2}};
  write_marked_dataset(data_, header);
  const auto before = folder_.listing();
  expect_error<UsageError>([&] { (void)data::export_file(data_, folder_.path("a.h5"), {}); }, {"a_mu1.2.h5", "{run}"});
  EXPECT_EQ(folder_.listing(), before);
}

TEST_F(Export, SamplesForArviz) {
  (void)data::export_file(samples_file(), folder_.path("samples.nc"), {});
  const auto file = h5::File::open(folder_.path("samples.nc"));
  EXPECT_EQ(file.dims("/posterior/x"), (h5::Dims{1, 4, 2}));
  EXPECT_EQ(file.string_attribute("/posterior/draw", "CLASS"), "DIMENSION_SCALE");
  EXPECT_TRUE(file.has_attribute("/posterior/x", "DIMENSION_LIST"));
  const auto drawn = file.read<double>("/sample_stats/particle");  // in proportion to the weights, exactly
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), 0), 2);
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), 1), 0);
}

/// A target's own names and shapes, in its words; what weighs twice is there twice, in every variable.
TEST_F(Export, NamedVariablesForArviz) {
  const auto path = samples_file([](h5::File& file) {
    file.set_attribute("/samples", "names", std::vector<std::string>{"mu", "tau"});
    file.write<double>("/variables/mu", std::vector<double>{0, 1, 2, 3}, {4});
    std::vector<double> w(24);
    std::iota(w.begin(), w.end(), 0.0);
    file.write<double>("/variables/w", w, {4, 2, 3});
    file.write<double>("/variables/draw", std::vector<double>{0, 1, 2, 3}, {4});
    file.write<double>("/variables/log_lik", std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, {4, 2});
    file.set_attribute("/variables/log_lik", "role", std::string("generated quantity"));
  });
  (void)data::export_file(path, folder_.path("samples.nc"), {});
  const auto file = h5::File::open(folder_.path("samples.nc"));
  EXPECT_FALSE(file.exists("/posterior/x"));
  EXPECT_EQ(file.read<double>("/posterior/mu"), (std::vector<double>{0, 0, 2, 3}));
  EXPECT_EQ(file.read<double>("/posterior/draw_"), (std::vector<double>{0, 0, 2, 3}));
  EXPECT_EQ(file.dims("/posterior/w"), (h5::Dims{1, 4, 2, 3}));
  const auto w = file.read<double>("/posterior/w");
  EXPECT_EQ(w[2 * 6 + 5], 17) << "draw 2 is particle 2; w[2,3]";
  EXPECT_EQ(file.string_attribute("/posterior/w_dim_1", "CLASS"), "DIMENSION_SCALE");
  EXPECT_EQ(file.dims("/log_likelihood/log_lik"), (h5::Dims{1, 4, 2}));
  EXPECT_FALSE(file.exists("/posterior/log_lik"));
  (void)data::export_file(path, folder_.path("samples.npz"), {});
}

/// Independent runs are chains, so that ArviZ has its R-hat; the longer one loses its last.
TEST_F(Export, ReplicasAreChains) {
  const auto path = folder_.path("replicas.h5");
  auto file = h5::File::create(path);
  data::write_provenance(file, {.format = data::kSamplesFormat});
  file.write<double>("/samples", std::vector<double>{0, 1, 2, 3, 4}, {5, 1});
  file.write<double>("/log_prob", std::vector<double>{0, -1, -2, -3, -4}, {5});
  file.write<std::int64_t>("/replica", std::vector<std::int64_t>{0, 1, 0, 1, 1}, {5});
  file.close();
  (void)data::export_file(path, folder_.path("samples.nc"), {});
  const auto exported = h5::File::open(folder_.path("samples.nc"));
  EXPECT_EQ(exported.dims("/posterior/x"), (h5::Dims{2, 2, 1}));
  EXPECT_EQ(exported.read<double>("/posterior/x"), (std::vector<double>{0, 2, 1, 3}));
  EXPECT_EQ(exported.read<double>("/sample_stats/lp"), (std::vector<double>{0, -2, -1, -3}));
  EXPECT_EQ(exported.dims("/posterior/chain"), h5::Dims{2});
}

TEST_F(Export, ReplicasAreWeightedWithinThemselves) {
  const auto path = samples_file(
      [](h5::File& file) { file.write<std::int64_t>("/replica", std::vector<std::int64_t>{0, 0, 1, 1}, {4}); });
  (void)data::export_file(path, folder_.path("samples.nc"), {});
  const auto file = h5::File::open(folder_.path("samples.nc"));
  EXPECT_EQ(file.read<double>("/sample_stats/particle"), (std::vector<double>{0, 0, 2, 3}));
}

TEST_F(Export, SamplesAsOpenpmd) {
  (void)data::export_file(samples_file(), folder_.path("cloud.h5"), {});
  const auto file = h5::File::open(folder_.path("cloud.h5"));
  const std::string species = "/data/0/particles/particles";
  EXPECT_EQ(file.read<double>(species + "/position/x2"), (std::vector<double>{1, 3, 5, 7}));
  EXPECT_EQ(file.number_attribute(species + "/weighting", "macroWeighted"), 1);
}

TEST_F(Export, RefusesOtherFiles) {
  const auto path = folder_.path("model.h5");
  auto file = h5::File::create(path);
  data::write_provenance(file, {.format = data::kModelFormat});
  file.close();
  expect_error<FileError>([&] { (void)data::export_file(path, folder_.path("a.npz"), {}); },
                          {"model.h5", "scorefield/model", "expected a dataset"});
}

}  // namespace
}  // namespace scorefield::test
