#include "data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::expect_error;
using test::marked_frame;
using test::negated;
using test::small_header;
using test::write_marked_dataset;
using test::write_marked_frames;

class Dataset : public ::testing::Test {
 protected:
  test::TemporaryFolder folder;
  const std::string path = folder.path("data.h5");
};

TEST_F(Dataset, HeaderComesBack) {
  const DatasetHeader written = small_header();
  write_marked_dataset(path, written);
  const DatasetReader reader(path);
  const DatasetHeader& read = reader.header();
  EXPECT_EQ(read.provenance.format, kDatasetFormat);
  EXPECT_EQ(read.provenance.seed, 42);
  EXPECT_EQ(read.provenance.config, written.provenance.config);
  EXPECT_EQ(read.provenance.scorefield_version, version());
  EXPECT_THAT(read.provenance.created, ::testing::MatchesRegex("[0-9-]{10}T[0-9:]{8}Z"));
  EXPECT_EQ(read.mu, written.mu);
  EXPECT_EQ(read.mu_names, written.mu_names);
  EXPECT_EQ(read.time, written.time);
  EXPECT_EQ(read.time_units, written.time_units);
  EXPECT_EQ(read.particles, written.particles);
  EXPECT_EQ(read.coordinates, written.coordinates);
  EXPECT_EQ(read.units, written.units);
  EXPECT_EQ(read.periods, written.periods);
  EXPECT_EQ(read.identity, Identity::trajectories);
  EXPECT_TRUE(read.has_velocities);
  EXPECT_EQ(read.frame_size(), 8);
}

TEST_F(Dataset, EveryFrameComesBack) {
  write_marked_dataset(path);
  const DatasetReader reader(path);
  std::vector<float> values(8);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto expected = marked_frame(reader.header(), m, k);
      reader.read_samples(m, k, values);
      EXPECT_EQ(values, expected) << "mu " << m << ", time " << k;
      reader.read_velocities(m, k, values);
      EXPECT_EQ(values, negated(expected)) << "mu " << m << ", time " << k;
    }
}

TEST_F(Dataset, LeftOutRunsAreAsIfTheyWereNotThere) {
  DatasetWriter writer(path, small_header());
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < 3; ++k)
      writer.write_frame(m, k, marked_frame(small_header(), m, k), negated(marked_frame(small_header(), m, k)));
  writer.write_diagnostics({{0, 1}, {{"momentum", {{2, 2}, {1, 2, 3, 4}, "", ""}}}});
  writer.commit();
  DatasetReader reader(path);
  const auto mu = reader.header().mu;
  reader.leave_out({mu[0]});
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{mu[1]}));
  EXPECT_EQ(reader.header().left_out, (std::vector<std::vector<double>>{mu[0]}));
  std::vector<float> values(8);
  reader.read_samples(0, 2, values);
  EXPECT_EQ(values, marked_frame(small_header(), 1, 2));
  const auto momentum = reader.read_diagnostics()->series.at("momentum");
  EXPECT_EQ(momentum.shape, (h5::Dims{1, 2}));
  EXPECT_EQ(momentum.values, (std::vector<double>{3, 4}));
  expect_error<UsageError>([&] { reader.leave_out({{17}}); }, {"17", "left out", path, comma_joined(mu[1])});
  expect_error<UsageError>([&] { reader.leave_out({mu[1]}); }, {"no run", path});
}

// The file layout is a contract with readers in other languages: names, types, shapes and chunks.
TEST_F(Dataset, LayoutIsTheContract) {
  write_marked_dataset(path);
  const auto file = h5::File::open(path);
  EXPECT_EQ(file.string_attribute("/", "format"), "scorefield/dataset");
  EXPECT_EQ(file.integer_attribute("/", "format_version"), 1);
  EXPECT_EQ(file.element_type("/mu"), "float64");
  EXPECT_EQ(file.dims("/mu"), (h5::Dims{2, 1}));
  EXPECT_EQ(file.strings_attribute("/mu", "names"), std::vector<std::string>{"mu"});
  EXPECT_EQ(file.element_type("/time"), "float64");
  EXPECT_EQ(file.dims("/time"), h5::Dims{3});
  EXPECT_EQ(file.string_attribute("/time", "units"), "plasma periods");
  for (const char* name : {"/samples", "/velocities"}) {
    EXPECT_EQ(file.element_type(name), "float32");
    EXPECT_EQ(file.dims(name), (h5::Dims{2, 3, 4, 2}));
    EXPECT_EQ(file.stored_bytes(name), 2 * 3 * 4 * 2 * 4);
  }
  EXPECT_EQ(file.strings_attribute("/samples", "coordinates"), (std::vector<std::string>{"x", "v"}));
  EXPECT_EQ(file.numbers_attribute("/samples", "periods"), (std::vector<double>{1, 0}));
  EXPECT_EQ(file.string_attribute("/samples", "identity"), "trajectories");
}

TEST_F(Dataset, RolloutOfMarginalsWithoutVelocities) {
  DatasetHeader header = small_header();
  header.provenance.format = kRolloutFormat;
  header.identity = Identity::marginals;
  header.has_velocities = false;
  write_marked_dataset(path, header);
  const DatasetReader reader(path);
  EXPECT_EQ(reader.header().provenance.format, kRolloutFormat);
  EXPECT_EQ(reader.header().identity, Identity::marginals);
  EXPECT_FALSE(reader.header().has_velocities);
  EXPECT_FALSE(reader.read_diagnostics().has_value());
  std::vector<float> values(8);
  expect_error<FileError>([&] { reader.read_velocities(0, 0, values); }, {path, "'/velocities'"});
}

TEST_F(Dataset, SaysWhatItsVelocitiesLeaveOut) {
  DatasetHeader header = small_header();
  write_marked_dataset(path, header);
  EXPECT_TRUE(DatasetReader(path).header().diffusion.empty());
  header.diffusion = {0, 0.25};
  write_marked_dataset(path, header);
  EXPECT_EQ(DatasetReader(path).header().diffusion, header.diffusion);
  header.diffusion = {0, -1};
  expect_error<FileError>([&] { DatasetWriter writer(path, header); }, {path, "diffusion"});
}

TEST_F(Dataset, SamplesInDoublePrecisionAreAccepted) {
  const DatasetHeader header = small_header();
  auto file = h5::File::create(path);
  write_provenance(file, {.format = kDatasetFormat, .seed = 1});
  const std::vector<double> mu{1.2}, time{0, 1}, samples{0.5, 1.5, 2.5, 3.5};
  file.write<double>("/mu", mu, {1, 1});
  file.set_attribute("/mu", "names", header.mu_names);
  file.write<double>("/time", time, {2});
  file.set_attribute("/time", "units", std::string("s"));
  file.write<double>("/samples", samples, {1, 2, 1, 2});
  file.set_attribute("/samples", "coordinates", header.coordinates);
  file.set_attribute("/samples", "units", header.units);
  file.set_attribute("/samples", "periods", header.periods);
  file.set_attribute("/samples", "identity", std::string("marginals"));
  file.close();
  std::vector<float> values(2);
  DatasetReader(path).read_samples(0, 1, values);
  EXPECT_EQ(values, (std::vector<float>{2.5f, 3.5f}));
}

TEST_F(Dataset, DiagnosticsComeBack) {
  Diagnostics written;
  written.time = {0, 0.1, 0.2, 0.3};
  written.series["electric_energy"] = {{2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}};
  written.series["field_modes"] = {{2, 4, 2}, std::vector<double>(16, 0.5), "|E_k|", "1/s"};
  DatasetWriter writer(path, small_header());
  write_marked_frames(writer);
  writer.write_diagnostics(written);
  writer.commit();
  const auto read = DatasetReader(path).read_diagnostics();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->time, written.time);
  ASSERT_EQ(read->series.size(), 2u);
  for (const auto& [name, series] : written.series) {
    EXPECT_EQ(read->series.at(name).shape, series.shape) << name;
    EXPECT_EQ(read->series.at(name).values, series.values) << name;
    EXPECT_EQ(read->series.at(name).description, series.description) << name;
    EXPECT_EQ(read->series.at(name).units, series.units) << name;
  }
}

/// Two mu: frames of 2, 3 and 1 particles, and one of 4.
DatasetHeader ragged_header() {
  DatasetHeader header = small_header();
  header.time.clear();
  header.particles = 0;
  header.runs = {{{0, 1, 3}, {2, 3, 1}}, {{0.5}, {4}}};
  header.identity = Identity::marginals;
  header.has_weights = header.has_id = true;
  return header;
}

ParticleFrame ragged_frame(const DatasetHeader& header, std::int64_t m, std::int64_t k) {
  ParticleFrame frame;
  for (std::int64_t n = 0; n < header.particles_at(m, k); ++n) {
    const auto value = static_cast<float>(100 * m + 10 * k + n);
    frame.samples.insert(frame.samples.end(), {value, -value});
    frame.velocities.insert(frame.velocities.end(), {2 * value, 3 * value});
    frame.weights.push_back(0.5f + value);
    frame.id.push_back(1000 * k + n);
  }
  return frame;
}

void write_ragged(const std::string& path) {
  DatasetWriter writer(path, ragged_header());
  for (const auto& [m, k] : {std::pair{1, 0}, {0, 2}, {0, 0}, {0, 1}}) {  // in any order
    const auto [samples, velocities, weights, id] = ragged_frame(writer.header(), m, k);
    writer.write_frame(m, k, samples, velocities, weights, id);
  }
  writer.commit();
}

TEST_F(Dataset, FramesThatDifferComeBack) {
  write_ragged(path);
  const DatasetReader reader(path, Layouts::any);
  const DatasetHeader written = ragged_header(), &read = reader.header();
  EXPECT_EQ(read.provenance.format_version, 2);
  EXPECT_TRUE(read.ragged());
  EXPECT_EQ(read.time_units, written.time_units);
  for (std::int64_t m = 0; m < 2; ++m) {
    EXPECT_EQ(read.times(m), written.times(m));
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(read.times(m).size()); ++k) {
      SCOPED_TRACE("mu " + std::to_string(m) + ", time " + std::to_string(k));
      const auto found = reader.read_frame(m, k), expected = ragged_frame(written, m, k);
      EXPECT_EQ(found.samples, expected.samples);
      EXPECT_EQ(found.velocities, expected.velocities);
      EXPECT_EQ(found.weights, expected.weights);
      EXPECT_EQ(found.id, expected.id);
    }
  }
}

TEST_F(Dataset, LayoutOfFramesThatDifferIsTheContract) {
  write_ragged(path);
  const auto file = h5::File::open(path);
  EXPECT_EQ(file.string_attribute("/", "layout"), "frames");
  EXPECT_EQ(file.read<std::int64_t>("/frame_start"), (std::vector<std::int64_t>{0, 2, 5, 6, 10}));
  EXPECT_EQ(file.read<std::int64_t>("/frame_mu"), (std::vector<std::int64_t>{0, 0, 0, 1}));
  EXPECT_EQ(file.read<double>("/frame_time"), (std::vector<double>{0, 1, 3, 0.5}));
  EXPECT_FALSE(file.exists("/time"));
  EXPECT_EQ(file.dims("/samples"), (h5::Dims{10, 2}));
  EXPECT_EQ(file.dims("/velocities"), (h5::Dims{10, 2}));
  EXPECT_EQ(file.dims("/weights"), h5::Dims{10});
  EXPECT_EQ(file.dims("/id"), h5::Dims{10});
}

TEST_F(Dataset, FramesThatDifferAreForReadersThatExpectThem) {
  write_ragged(path);
  expect_error<FileError>([&] { const DatasetReader reader(path); }, {path, "layout 'frames'", "alike", "inspect"});
}

TEST_F(Dataset, WeightsAndIdsOfFramesThatAreAlike) {
  DatasetHeader header = small_header();
  header.has_velocities = false;
  header.has_weights = header.has_id = true;
  const std::vector<std::int64_t> id{7, 5, 3, 1}, others{7, 5, 1, 3};
  const std::vector<float> weights{1, 2, 3, 0};
  {
    DatasetWriter writer(path, header);
    for (std::int64_t m = 0; m < 2; ++m)
      for (std::int64_t k = 0; k < 3; ++k) writer.write_frame(m, k, marked_frame(header, m, k), {}, weights, id);
    const auto samples = marked_frame(header, 0, 0);
    expect_error<FileError>([&] { writer.write_frame(0, 0, samples, {}, weights, others); }, {"ids", "mu 0", "time 0"});
    expect_error<FileError>([&] { writer.write_frame(0, 0, samples, {}, weights); }, {"0 ids", "4 particles"});
    expect_error<FileError>([&] { writer.write_frame(0, 0, samples, {}, {{-1, 1, 1, 1}}, id); }, {"weight -1"});
    writer.commit();
  }
  const DatasetReader reader(path);
  EXPECT_EQ(reader.header().provenance.format_version, 2);
  EXPECT_EQ(h5::File::open(path).dims("/weights"), (h5::Dims{2, 3, 4}));
  EXPECT_EQ(h5::File::open(path).dims("/id"), (h5::Dims{2, 4}));
  const auto frame = reader.read_frame(1, 2);
  EXPECT_EQ(frame.samples, marked_frame(header, 1, 2));
  EXPECT_EQ(frame.weights, weights);
  EXPECT_EQ(frame.id, id);
}

TEST_F(Dataset, FindsValuesOfMu) {
  DatasetHeader header = small_header();
  header.mu = {{1.2, 0}, {1.5, 3}};
  header.mu_names = {"k", "width"};
  write_marked_dataset(path, header);
  const DatasetReader reader(path);
  EXPECT_EQ(reader.nearest_mu({1.3, 1}), 0);
  EXPECT_EQ(reader.nearest_mu({1.45, 1}), 1);
  EXPECT_EQ(reader.nearest_mu({1.2, 2}), 0) << "2/3 of the second parameter's spread is nearer than all of the first's";
  EXPECT_EQ(reader.find_mu({1.5, 3 + 1e-12}), 1);
  EXPECT_EQ(reader.find_mu({1.5, 2.9}), std::nullopt);
  expect_error<UsageError>([&] { (void)reader.nearest_mu({1.2}); }, {"1 values", "2"});
}

TEST_F(Dataset, NothingAppearsBeforeCommit) {
  {
    DatasetWriter writer(path, small_header());
    write_marked_frames(writer);
    EXPECT_EQ(std::filesystem::exists(path), false);
  }
  EXPECT_TRUE(folder.listing().empty());
}

TEST(DatasetOfDoubles, KeepsEveryDigit) {
  const test::TemporaryFolder folder;
  DatasetHeader header = small_header();
  header.mu = {{1.0}};
  header.time = {0};
  header.particles = 2;
  header.has_weights = true;
  header.double_precision = true;
  const std::vector<double> samples{1 + 1e-12, 2, 3, 4}, weights{0.1, 0.2};
  {
    data::DatasetWriter writer(folder.path("a.h5"), header);
    writer.write_frame(0, 0, std::span<const double>(samples), samples, weights);
    writer.commit();
  }
  const data::DatasetReader reader(folder.path("a.h5"));
  EXPECT_TRUE(reader.header().double_precision);
  std::vector<double> read(4), read_weights(2);
  reader.read_samples(0, 0, std::span(read));
  reader.read_weights(0, 0, std::span(read_weights));
  EXPECT_EQ(read, samples);
  EXPECT_EQ(read_weights, weights);
  std::vector<float> rounded(4);
  reader.read_samples(0, 0, std::span(rounded));
  EXPECT_EQ(rounded[0], 1.0f);
}

}  // namespace
}  // namespace scorefield::data
