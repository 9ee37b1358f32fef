// Files that cannot be read: each gives one FileError that names the file and what is wrong with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::expect_error;

class Reading : public ::testing::Test {
 protected:
  /// Opening must fail with these words (and the path), and print nothing.
  void expect_refused(const std::vector<std::string>& words) const {
    ::testing::internal::CaptureStderr();
    std::vector<std::string> all = words;
    all.push_back(path + ": ");
    expect_error<FileError>([&] { DatasetReader reader(path); }, all);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }

  test::TemporaryFolder folder;
  const std::string path = folder.path("data.h5");
};

TEST_F(Reading, MissingFile) { expect_refused({"no such file"}); }

TEST_F(Reading, Directory) {
  std::filesystem::create_directory(path);
  expect_refused({"is a directory"});
}

TEST_F(Reading, EmptyFile) {
  std::ofstream{path};
  expect_refused({"is empty"});
}

TEST_F(Reading, TextFile) {
  std::ofstream(path) << "mu,time,x,v\n1.2,0,0.5,0.1\n";
  expect_refused({"not an HDF5 file", "begins with 'mu,time,x,v"});
}

TEST_F(Reading, NotARegularFile) {
  expect_error<FileError>([] { (void)h5::File::open("/dev/null"); }, {"/dev/null", "not a regular file"});
}

TEST_F(Reading, TruncatedAnywhere) {
  test::write_marked_dataset(path);
  const auto whole = std::filesystem::file_size(path);
  for (const auto kept : {whole - 1, whole / 2, std::uintmax_t{600}}) {
    std::filesystem::resize_file(path, kept);
    expect_refused({"is truncated (truncated file: eof = " + std::to_string(kept), "again"});
  }
  std::filesystem::resize_file(path, 20);  // inside of the superblock
  expect_refused({"damaged or truncated"});
}

class ReadingDamaged : public Reading {
 protected:
  ReadingDamaged() {
    test::write_marked_dataset(path);
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(60);  // within the root group's header, which carries a checksum
    stream << "damage";
  }
};

TEST_F(ReadingDamaged, IsNoticedByItsChecksum) { expect_refused({"checksum"}); }

TEST_F(ReadingDamaged, ProcessEndsQuietly) {
  const auto fail_and_exit = [&] {
    try {
      const DatasetReader reader(path);
    } catch (const FileError&) {
      std::exit(3);
    }
  };
  EXPECT_EXIT(fail_and_exit(), ::testing::ExitedWithCode(3), ::testing::Eq(""));
}

TEST_F(Reading, ForeignHdf5) {
  h5::File::create(path).close();
  expect_refused({"not a scorefield file", "'format'", "scorefield import"});
}

// A good file of format 1, except for what a test spoils.
struct Parts {
  std::string format = kDatasetFormat;
  std::int64_t format_version = kFormatVersion;
  std::vector<double> time{0, 1};
  std::vector<double> mu{1.2};
  std::vector<float> samples{0, 1, 2, 3};
  h5::Dims samples_shape{1, 2, 1, 2};
  h5::Dims velocities_shape{1, 2, 1, 2};
  std::vector<std::string> coordinates{"x", "v"};
  std::vector<double> periods{1, 0};
  std::string identity = "trajectories";
  std::vector<double> diffusion{};  ///< attribute of /velocities; empty: none
  std::string without_attribute_of_samples{};
  bool with_time = true;
};

void write_parts(const std::string& path, const Parts& parts) {
  auto file = h5::File::create(path);
  write_provenance(file, {.format = parts.format, .seed = 0});
  file.set_attribute("/", "format_version", parts.format_version);
  file.write<double>("/mu", parts.mu, {1, static_cast<std::int64_t>(parts.mu.size())});
  file.set_attribute("/mu", "names", std::vector<std::string>{"mu"});
  if (parts.with_time) {
    file.write<double>("/time", parts.time, {static_cast<std::int64_t>(parts.time.size())});
    file.set_attribute("/time", "units", std::string("s"));
  }
  file.write<float>("/samples", parts.samples, parts.samples_shape);
  file.write<float>("/velocities", parts.samples, parts.velocities_shape);
  if (!parts.diffusion.empty()) file.set_attribute("/velocities", "diffusion", parts.diffusion);
  const auto wanted = [&](const std::string& name) { return name != parts.without_attribute_of_samples; };
  if (wanted("coordinates")) file.set_attribute("/samples", "coordinates", parts.coordinates);
  if (wanted("units")) file.set_attribute("/samples", "units", std::vector<std::string>{"m", "m/s"});
  if (wanted("periods")) file.set_attribute("/samples", "periods", parts.periods);
  if (wanted("identity")) file.set_attribute("/samples", "identity", parts.identity);
  file.close();
}

TEST_F(Reading, TheUnspoiledFileIsGood) {
  write_parts(path, {});
  EXPECT_NO_THROW(DatasetReader{path});
}

TEST_F(Reading, WrongFormat) {
  write_parts(path, {.format = kModelFormat});
  expect_refused({"scorefield/model", "expected scorefield/dataset or scorefield/rollout", "inspect"});
  write_parts(path, {.format = "openPMD"});
  expect_refused({"'openPMD'", "expected a scorefield file"});
}

TEST_F(Reading, WrongFormatVersion) {
  write_parts(path, {.format_version = 7});
  expect_refused({"format version 7", "reads version 1", "newer"});
  write_parts(path, {.format_version = 0});
  expect_refused({"format version 0", "again"});
}

TEST_F(Reading, WrongRank) {
  write_parts(path, {.samples_shape = {2, 2}});
  expect_refused({"'/samples'", "[2, 2]", "rank 4 [M, K, N, d]"});
}

TEST_F(Reading, LengthsThatDoNotMatch) {
  write_parts(path, {.time = {0, 1, 2}});
  expect_refused({"'/samples'", "[1, 2, 1, 2]", "expected [1, 3, 1, 2]"});
  write_parts(path, {.velocities_shape = {1, 2, 2, 1}});
  expect_refused({"'/velocities'", "[1, 2, 2, 1]", "[1, 2, 1, 2]"});
  write_parts(path, {.coordinates = {"x"}});
  expect_refused({"'coordinates'", "length 1", "expected 2"});
  write_parts(path, {.periods = {1, 0, 0}});
  expect_refused({"'periods'", "length 3", "expected 2"});
  write_parts(path, {.diffusion = {0.1}});
  expect_refused({"'diffusion'", "'/velocities'", "length 1", "expected 2"});
  write_parts(path, {.mu = {1.2, 3}});
  expect_refused({"'names'", "'/mu'", "length 1", "expected 2"});
}

TEST_F(Reading, EmptySamples) {
  write_parts(path, {.samples = {}, .samples_shape = {1, 2, 0, 2}, .velocities_shape = {1, 2, 0, 2}});
  expect_refused({"'/samples'", "[1, 2, 0, 2]", "empty"});
}

TEST_F(Reading, MissingAttributeOrDataset) {
  for (const char* name : {"coordinates", "units", "periods", "identity"}) {
    write_parts(path, {.without_attribute_of_samples = name});
    expect_refused({"has no attribute '" + std::string(name) + "' of '/samples'"});
  }
  write_parts(path, {.with_time = false});
  expect_refused({"no dataset '/time'"});
}

TEST_F(Reading, BadValues) {
  write_parts(path, {.time = {1, 1}});
  expect_refused({"'/time'", "does not increase at index 1"});
  write_parts(path, {.mu = {std::nan("")}});
  expect_refused({"'/mu'", "not finite"});
  write_parts(path, {.periods = {-1, 0}});
  expect_refused({"'periods'"});
  write_parts(path, {.diffusion = {0, -1}});
  expect_refused({"'diffusion'", "bad value"});
  write_parts(path, {.identity = "both"});
  expect_refused({"'identity'", "'both'", "trajectories or marginals"});
}

TEST_F(Reading, NotFiniteSamplesAreNamed) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    write_parts(path, {.samples = {0, 1, 2, bad}});
    const DatasetReader reader(path);
    std::vector<float> values(2);
    EXPECT_NO_THROW(reader.read_samples(0, 0, values));
    expect_error<FileError>([&] { reader.read_samples(0, 1, values); },
                            {path, "'/samples'", "not finite", "mu 0, time 1, particle 0", "coordinate 'v'"});
  }
}

TEST_F(Reading, FramesOutsideAreRefused) {
  write_parts(path, {});
  const DatasetReader reader(path);
  std::vector<float> values(2), few(1);
  expect_error<FileError>([&] { reader.read_samples(1, 0, values); }, {"outside", "'/samples'"});
  expect_error<FileError>([&] { reader.read_samples(0, -1, values); }, {"outside"});
  expect_error<FileError>([&] { reader.read_samples(0, 0, few); }, {"1 values"});
}

}  // namespace
}  // namespace scorefield::data
